//! A request's query, at every door that reads one.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| web::fuzzing::query(data));

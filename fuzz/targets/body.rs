//! A request's body, at every door that reads JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| web::fuzzing::body(data));

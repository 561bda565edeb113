//! A cursor of the records.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| web::fuzzing::cursor(data));

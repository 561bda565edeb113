//! A query at a webhook's address.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| providers::fuzzing::challenge(data));

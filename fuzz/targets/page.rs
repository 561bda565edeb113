//! A page of a provider's data.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| providers::fuzzing::page(data));

//! An answer of a provider's token endpoint.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| providers::fuzzing::tokens(data));

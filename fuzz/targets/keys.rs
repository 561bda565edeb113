//! Master keys, as an operator writes them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| store::fuzzing::keys(data));

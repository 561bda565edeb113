//! When somebody wants to be asked again.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| outbound::fuzzing::retry_after(data));

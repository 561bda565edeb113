//! A delivery at a webhook's door: its headers and its body.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| providers::fuzzing::delivery(data));

//! A provider's list of what it sends deliveries for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| providers::fuzzing::subscriptions(data));

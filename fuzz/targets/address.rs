//! An address that events are to be sent to.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| outbound::fuzzing::address(data));

//! A settings file.
#![no_main]

#[path = "../../crates/afferent/src/config/keys.rs"]
mod keys;
#[path = "../../crates/afferent/src/config/read.rs"]
mod read;

libfuzzer_sys::fuzz_target!(|data: &[u8]| read::survive(data));

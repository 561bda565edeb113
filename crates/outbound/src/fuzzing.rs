//! What fuzzers and the replay of their corpus call: the parsers that face the outside, with what must always hold.
#![doc(hidden)]

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

use crate::Answer;

/// When somebody wants to be asked again, as their answer says.
pub fn retry_after(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
    let answer = Answer { status: 429, headers, body: Bytes::new() };
    for now in [Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        if let Some(at) = answer.retry_at(now) {
            let date = std::str::from_utf8(data).is_ok_and(|text| text.contains(':'));
            assert!(date || at >= now, "nobody asks for what has passed, unless it is a date");
        }
    }
}

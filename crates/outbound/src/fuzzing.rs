//! What fuzzers and the replay of their corpus call: the parsers that face the outside, with what must always hold.
#![doc(hidden)]

use std::net::{Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use url::{Host, Url};

use crate::{Answer, Guard};

/// An address that somebody wants events sent to.
pub fn address(data: &[u8]) {
    let Ok(url) = Url::parse(&String::from_utf8_lossy(data)) else { return };
    let guard = Guard::default();
    if !guard.permits(&url) {
        return;
    }
    assert_eq!(url.scheme(), "https", "{url} is open to whoever is on the way");
    let inside = match url.host() {
        Some(Host::Domain(name)) => name.is_empty(),
        Some(Host::Ipv4(address)) => is_inside(address),
        Some(Host::Ipv6(address)) => {
            let unique = address.segments()[0] & 0xfe00 == 0xfc00;
            unique || address == Ipv6Addr::LOCALHOST || address.to_ipv4_mapped().is_some_and(is_inside)
        }
        None => true,
    };
    assert!(!inside, "{url} leads inside");
    let again = Url::parse(url.as_str());
    assert!(again.is_ok_and(|again| guard.permits(&again)), "{url} is kept as a text, and read again");
}

fn is_inside(address: Ipv4Addr) -> bool {
    address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified()
}

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

//! What is signed is taken for Oura's, and nothing else is.

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use model::Secret;
use proptest::prelude::*;

use super::Oura;
use crate::{Provider, Received, Signed, Unsigned};

const BODY: &str = r#"{"event_type":"update","data_type":"sleep","object_id":"o","event_time":"2026-01-26T08:00:00+00:00","user_id":"u"}"#;

/// The signature as Oura documents it.
fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = hmac::sign(&key, &[timestamp.as_bytes(), body].concat());
    signed.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
}

fn verify(signature: Option<&str>, timestamp: Option<&str>, body: &[u8]) -> Result<Signed, Unsigned> {
    let value = |text: Option<&str>| text.map(|text| HeaderValue::from_str(text).unwrap());
    deliver("s3cret", value(signature), value(timestamp), body)
}

fn deliver(
    secret: &str,
    signature: Option<HeaderValue>,
    timestamp: Option<HeaderValue>,
    body: &[u8],
) -> Result<Signed, Unsigned> {
    let mut headers = HeaderMap::new();
    for (name, value) in [("x-oura-signature", signature), ("x-oura-timestamp", timestamp)] {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    Oura::new().verify(&Secret::new(secret), Received { headers: &headers, body })
}

#[test]
fn a_known_delivery_is_taken() {
    // Computed once with another program.
    let signed = "0508348D8EC2B6756593D066063B39AF023F8DAF1025EB0F7AECE754E0DC6A8D";
    let at = Timestamp::from_second(1_769_414_430).unwrap();
    assert_eq!(verify(Some(signed), Some("1769414430"), BODY.as_bytes()), Ok(Signed { at: Some(at) }));
    assert_eq!(verify(Some(&signed.to_lowercase()), Some("1769414430"), BODY.as_bytes()), Ok(Signed { at: Some(at) }));
}

#[test]
fn timestamps_may_be_milliseconds_and_must_be_readable() {
    let at = |text: &str| verify(Some(&signature("s3cret", text, b"{}")), Some(text), b"{}");
    assert_eq!(at("1769414430123"), Ok(Signed { at: Some("2026-01-26T08:00:30.123Z".parse().unwrap()) }));
    for odd in ["", "soon", "1e9", "99999999999999999999", "9223372036854775807", " 1"] {
        assert_eq!(at(odd), Err(Unsigned::Wrong), "{odd:?}");
    }
}

#[test]
fn a_body_is_taken_as_it_is_or_written_compactly() {
    let spaced = BODY.replace(':', ": ").replace(',', ", ").replace("T08: 00: 00+00: 00", "T08:00:00+00:00");
    assert_ne!(spaced, BODY);
    let of_compact = signature("s3cret", "1", BODY.as_bytes());
    let of_spaced = signature("s3cret", "1", spaced.as_bytes());
    assert!(verify(Some(&of_compact), Some("1"), spaced.as_bytes()).is_ok());
    assert!(verify(Some(&of_spaced), Some("1"), spaced.as_bytes()).is_ok());
    assert_eq!(verify(Some(&of_spaced), Some("1"), BODY.as_bytes()), Err(Unsigned::Wrong));
}

#[test]
fn without_a_secret_nothing_is_taken() {
    let signed = HeaderValue::from_str(&signature("", "1", BODY.as_bytes())).unwrap();
    let taken = deliver("", Some(signed), Some(HeaderValue::from_static("1")), BODY.as_bytes());
    assert_eq!(taken, Err(Unsigned::Wrong));
}

#[test]
fn without_a_signature_it_is_nobodys() {
    let signed = signature("s3cret", "1", BODY.as_bytes());
    assert_eq!(verify(None, Some("1"), BODY.as_bytes()), Err(Unsigned::Missing));
    assert_eq!(verify(Some(&signed), None, BODY.as_bytes()), Err(Unsigned::Missing));
    assert_eq!(verify(Some(""), Some("1"), BODY.as_bytes()), Err(Unsigned::Wrong));
    assert_eq!(
        verify(Some(&signature("other", "1", BODY.as_bytes())), Some("1"), BODY.as_bytes()),
        Err(Unsigned::Wrong)
    );
}

/// What can stand in a header.
fn header() -> impl Strategy<Value = HeaderValue> {
    prop::collection::vec(any::<u8>(), 0..80).prop_filter_map("no header", |bytes| HeaderValue::from_bytes(&bytes).ok())
}

proptest! {
    #[test]
    fn what_is_signed_is_taken_and_no_changed_bit_of_it(
        secret in "[a-zA-Z0-9]{1,80}",
        second in 0_i64..10_000_000_000,
        body in prop::collection::vec(any::<u8>(), 0..200),
        flip in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let timestamp = second.to_string();
        let signed = signature(&secret, &timestamp, &body);
        let take = |secret: &str, signed: &[u8], timestamp: &[u8], body: &[u8]| {
            let [signed, timestamp] = [signed, timestamp].map(HeaderValue::from_bytes);
            deliver(secret, Some(signed.ok()?), Some(timestamp.ok()?), body).ok()
        };
        let at = Some(Timestamp::from_second(second).unwrap());
        prop_assert_eq!(take(&secret, signed.as_bytes(), timestamp.as_bytes(), &body), Some(Signed { at }));

        let flipped = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let place = flip.index(bytes.len());
            bytes[place] ^= 1 << bit;
            bytes
        };
        let other = flipped(signed.as_bytes());
        let same = other.eq_ignore_ascii_case(signed.as_bytes());
        prop_assert_eq!(take(&secret, &other, timestamp.as_bytes(), &body).is_some(), same);
        prop_assert!(take(&secret, signed.as_bytes(), &flipped(timestamp.as_bytes()), &body).is_none());
        if !body.is_empty() {
            prop_assert!(take(&secret, signed.as_bytes(), timestamp.as_bytes(), &flipped(&body)).is_none());
        }
        let longer = format!("{secret}x");
        prop_assert!(take(&longer, signed.as_bytes(), timestamp.as_bytes(), &body).is_none());
    }

    #[test]
    fn anything_may_be_sent(
        signed in prop::option::of(header()),
        timestamp in prop::option::of(header()),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let taken = deliver("s3cret", signed, timestamp, &body);
        prop_assert!(taken.is_err());
    }
}

//! Whether a delivery is Oura's own: `x-oura-signature` is the HMAC-SHA256 of `x-oura-timestamp` and the body, in
//! hexadecimal, under the application's secret (Oura).

use aws_lc_rs::hmac;
use http::HeaderMap;
use jiff::Timestamp;
use model::Secret;
use serde_json::Value;

use crate::{Received, Signed, Unsigned};

const SIGNATURE: &str = "x-oura-signature";
const TIMESTAMP: &str = "x-oura-timestamp";
/// Oura does not say the unit. What would lie beyond the year 5138 in seconds is in milliseconds.
const MOST_SECONDS: i64 = 100_000_000_000;

/// Verifies a delivery, in constant time.
pub(super) fn verify(secret: &Secret, delivery: Received<'_>) -> Result<Signed, Unsigned> {
    // What an empty key signs, anybody can sign.
    if secret.expose().is_empty() {
        return Err(Unsigned::Wrong);
    }
    let signature = header(delivery.headers, SIGNATURE)?;
    let timestamp = header(delivery.headers, TIMESTAMP)?;
    let signature = from_hex(signature).ok_or(Unsigned::Wrong)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    if !signs(&key, timestamp, delivery.body, &signature) {
        // Oura's own example signs the body as JavaScript would write it again, other programs sign it as it is.
        let compact = compact(delivery.body).ok_or(Unsigned::Wrong)?;
        if !signs(&key, timestamp, &compact, &signature) {
            return Err(Unsigned::Wrong);
        }
    }
    Ok(Signed { at: Some(instant(timestamp).ok_or(Unsigned::Wrong)?) })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a [u8], Unsigned> {
    headers.get(name).map(|value| value.as_bytes()).ok_or(Unsigned::Missing)
}

fn signs(key: &hmac::Key, timestamp: &[u8], body: &[u8], signature: &[u8]) -> bool {
    let mut context = hmac::Context::with_key(key);
    context.update(timestamp);
    context.update(body);
    aws_lc_rs::constant_time::verify_slices_are_equal(context.sign().as_ref(), signature).is_ok()
}

fn compact(body: &[u8]) -> Option<Vec<u8>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    serde_json::to_vec(&body).ok()
}

/// 32 bytes in hexadecimal, of either case.
fn from_hex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let text: &[u8; 64] = text.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// The instant of a timestamp in seconds or milliseconds.
fn instant(text: &[u8]) -> Option<Timestamp> {
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    if number.abs() < MOST_SECONDS {
        Timestamp::from_second(number).ok()
    } else {
        Timestamp::from_millisecond(number).ok()
    }
}

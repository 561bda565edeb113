//! How Oura writes times and samples.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::person::Person;

/// A time with the person's offset: `2026-01-26T23:10:05+01:00`.
pub(super) fn local(person: &Person, at: Timestamp) -> String {
    person.zoned(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A time with a zero offset, which is written in full: `2026-01-26T22:10:05+00:00`.
pub(super) fn utc(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// Samples, whose start Oura writes to the millisecond.
pub(super) fn sample(
    person: &Person,
    start: Timestamp,
    interval: f64,
    items: impl IntoIterator<Item = Option<f64>>,
) -> Value {
    let items: Vec<Option<f64>> = items.into_iter().collect();
    let timestamp = person.zoned(start).strftime("%Y-%m-%dT%H:%M:%S.000%:z").to_string();
    json!({ "interval": interval, "items": items, "timestamp": timestamp })
}

/// A score from 1 to 100.
pub(super) fn score(value: f64) -> i64 {
    (value.round() as i64).clamp(1, 100)
}

/// A number with so many decimals.
pub(super) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

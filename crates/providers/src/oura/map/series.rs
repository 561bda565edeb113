//! Heart rate and the ring's charge: rows, gathered into a record for each source and day of UTC.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::Offset};
use model::{
    Record,
    record::{Body, Sample, Series},
};
use serde_json::Value;

use super::timeless;
use crate::{
    Mapped, Skipped,
    oura::wire::{Item, Read, Unreadable},
};

const SECONDS_PER_DAY: i64 = 86_400;

/// Heart rate: a record for each source and day.
pub(super) fn heart_rate(items: &[Value]) -> Mapped {
    gather(items, "bpm", Some("source"), |day, source, samples| {
        let id = format!("{}:{day}", source.as_deref().unwrap_or("unknown"));
        timeless(id, Body::HeartRate(series("bpm", source, samples)))
    })
}

/// The ring's charge: a record for each day.
pub(super) fn battery(items: &[Value]) -> Mapped {
    gather(items, "level", None, |day, source, samples| {
        timeless(day.to_string(), Body::Battery(series("percent", source, samples)))
    })
}

/// Values by the second of their day.
type Samples = BTreeMap<i64, f64>;

fn gather(
    items: &[Value],
    value: &'static str,
    source: Option<&'static str>,
    record: fn(Date, Option<String>, Samples) -> Record,
) -> Mapped {
    let mut days = BTreeMap::<(Date, Option<String>), Samples>::new();
    let mut skipped = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match Item::new(item).and_then(|item| row(item, value, source)) {
            Ok(row) => {
                days.entry((row.day, row.source)).or_default().insert(row.second, row.value);
            }
            Err(why) => skipped.push(Skipped { index, why: why.to_string() }),
        }
    }
    let record = |((day, source), samples)| Record { day: Some(day), ..record(day, source, samples) };
    Mapped { records: days.into_iter().map(record).collect(), gone: Vec::new(), skipped }
}

struct Row {
    day: Date,
    second: i64,
    source: Option<String>,
    value: f64,
}

fn row(item: Item<'_>, value: &'static str, source: Option<&'static str>) -> Read<Row> {
    let at = instant(item)?;
    Ok(Row {
        day: Offset::UTC.to_datetime(at).date(),
        second: at.as_second().rem_euclid(SECONDS_PER_DAY),
        source: source.map_or(Ok(None), |field| item.text(field))?,
        value: item.number(value)?.ok_or(Unreadable::missing(value))?,
    })
}

/// Rows of 2024 have no `timestamp_unix` (measured by others), so the text comes first.
fn instant(item: Item<'_>) -> Read<Timestamp> {
    if let Some(moment) = item.moment("timestamp")? {
        return Ok(moment.at);
    }
    let millis = item.whole("timestamp_unix")?.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    millis.ok_or(Unreadable::missing("timestamp"))
}

fn series(unit: &str, source: Option<String>, samples: Samples) -> Series {
    Series {
        unit: unit.into(),
        source,
        samples: samples.into_iter().map(|(second, value)| Sample(second, value)).collect(),
    }
}

//! Turns Oura's documents into records. Pure.

mod activity;
mod body;
mod heart;
mod readiness;
mod series;
mod sleep;
mod stress;

use model::{Kind, Record, record::Body};
use serde_json::Value;

use super::wire::{Item, Read, json};
use crate::{Error, Mapped, Skipped};

/// What a document tells.
enum Told {
    Record(Box<Record>),
    /// That something is no more.
    Gone(Kind, String),
}

impl From<Record> for Told {
    fn from(record: Record) -> Self {
        Self::Record(Box::new(record))
    }
}

type Mapper = fn(Item<'_>) -> Read<Told>;

/// Maps a page of a collection, or a document by itself.
pub(super) fn page(collection: &str, body: &[u8]) -> Result<Mapped, Error> {
    let answer = json(body)?;
    let items = items(&answer)?;
    match collection {
        "heartrate" => Ok(series::heart_rate(items)),
        "ring_battery_level" => Ok(series::battery(items)),
        _ => {
            let unknown = || Error::Malformed(format!("Oura has no collection {collection}"));
            Ok(documents(items, mapper(collection).ok_or_else(unknown)?))
        }
    }
}

fn mapper(collection: &str) -> Option<Mapper> {
    Some(match collection {
        "sleep" => sleep::period,
        "daily_sleep" => sleep::score,
        "sleep_time" => sleep::guidance,
        "daily_readiness" => readiness::readiness,
        "rest_mode_period" => readiness::rest_mode,
        "daily_activity" => activity::activity,
        "workout" => activity::workout,
        "daily_spo2" => heart::spo2,
        "daily_cardiovascular_age" => heart::cardiovascular_age,
        "vO2_max" => heart::vo2_max,
        "daily_stress" => stress::stress,
        "daily_resilience" => stress::resilience,
        "session" => stress::session,
        "enhanced_tag" => body::enhanced_tag,
        "tag" => body::tag,
        "personal_info" => body::profile,
        "ring_configuration" => body::device,
        _ => return None,
    })
}

/// The documents of a list, or the one that stands by itself.
fn items(answer: &Value) -> Result<&[Value], Error> {
    let no_documents = || Error::Malformed("the answer holds no documents".into());
    match answer.get("data") {
        Some(data) => data.as_array().map(Vec::as_slice).ok_or_else(no_documents),
        None if answer.get("id").is_some() || answer.get("day").is_some() => Ok(std::slice::from_ref(answer)),
        None => Err(no_documents()),
    }
}

fn documents(items: &[Value], mapper: Mapper) -> Mapped {
    let mut mapped = Mapped::default();
    for (index, item) in items.iter().enumerate() {
        match Item::new(item).and_then(mapper) {
            Ok(Told::Record(record)) => mapped.records.push(*record),
            Ok(Told::Gone(kind, id)) => mapped.gone.push((kind, id)),
            Err(why) => mapped.skipped.push(Skipped { index, why: why.to_string() }),
        }
    }
    mapped
}

/// A record of a day.
fn of_day(item: Item<'_>, day: &'static str, body: Body) -> Read<Record> {
    Ok(Record { day: Some(item.day(day)?), ..timeless(item.id()?, body) })
}

/// A record of no particular time.
fn timeless(provider_id: String, body: Body) -> Record {
    Record { provider_id, day: None, starts_at: None, ends_at: None, zone_offset_seconds: None, body }
}

/// Adds when it began and ended, where Oura says so, with the person's offset at its beginning.
fn lasting(record: Record, item: Item<'_>, start: &'static str, end: &'static str) -> Read<Record> {
    let (start, end) = (item.moment(start)?, item.moment(end)?);
    Ok(Record {
        starts_at: start.map(|start| start.at),
        ends_at: end.map(|end| end.at),
        zone_offset_seconds: start.or(end).and_then(|moment| moment.offset_seconds),
        ..record
    })
}

/// Adds when it began, for what has no end.
fn beginning(record: Record, item: Item<'_>, start: &'static str) -> Read<Record> {
    let start = item.moment(start)?;
    Ok(Record {
        starts_at: start.map(|start| start.at),
        zone_offset_seconds: start.and_then(|start| start.offset_seconds),
        ..record
    })
}

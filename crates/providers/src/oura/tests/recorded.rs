//! Recorded real answers map without losing a value that has a place. They are not part of the project, so this passes without them.

use std::{collections::BTreeSet, fs, path::Path};

use jiff::Timestamp;
use model::{Kind, record::Body};
use serde_json::Value;

use super::Oura;
use crate::{Error, Provider};

/// Every recorded exchange that names a collection: its path below the prefix, the status and the body.
fn exchanges() -> Vec<(String, u16, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs/oura/recorded");
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut exchanges = Vec::new();
    for entry in entries {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for exchange in serde_json::from_str::<Vec<Value>>(&text).unwrap() {
            let url = exchange["request"]["url"].as_str().unwrap().to_owned();
            let Some((_, path)) = url.split_once("/v2/usercollection/") else { continue };
            let status = exchange["response"]["status"].as_u64().unwrap();
            exchanges.push((path.to_owned(), status.try_into().unwrap(), exchange["response"]["body"].clone()));
        }
    }
    exchanges
}

/// The collection of an exchange: one recording holds sleep under the address of workouts.
fn collection<'a>(path: &'a str, body: &Value) -> &'a str {
    let sleep = body["data"][0].get("bedtime_start").is_some();
    if sleep { "sleep" } else { path.split(['?', '/']).next().unwrap() }
}

/// Fields that records have no place for. Timestamps of scores are midnights, those of samples their record's start.
const NO_PLACE: [&str; 13] = [
    "timestamp",
    "readiness",
    "movement_30_sec",
    "sleep_phase_30_sec",
    "sleep_algorithm_version",
    "readiness_score_delta",
    "sleep_score_delta",
    "period",
    "high_activity_met_minutes",
    "medium_activity_met_minutes",
    "low_activity_met_minutes",
    "sedentary_met_minutes",
    "meters_to_target",
];

/// Every value within, as comparable text, leaving out the fields named.
fn values(json: &Value, without: &[&str], found: &mut BTreeSet<String>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| values(item, without, found)),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| !without.contains(&name.as_str()));
            fields.for_each(|(_, value)| values(value, without, found));
        }
        Value::Number(number) => drop(found.insert(number.as_f64().unwrap().to_string())),
        Value::String(text) if !text.is_empty() => {
            found.insert(text.parse::<Timestamp>().map_or_else(|_| text.clone(), |at| at.to_string()));
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[test]
fn recorded_values_are_found_again_in_their_records() {
    for (path, _, body) in exchanges().iter().filter(|(path, status, _)| *status == 200 && !path.starts_with("heart")) {
        let collection = collection(path, body);
        let items = body["data"].as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
        for item in items {
            let mapped = Oura::new().map(collection, item.to_string().as_bytes()).unwrap();
            let Some(record) = mapped.records.first() else { continue };
            let (mut told, mut kept) = (BTreeSet::new(), BTreeSet::new());
            values(&item, &NO_PLACE, &mut told);
            values(&serde_json::to_value(record).unwrap(), &[], &mut kept);
            // The word for the type of sleep is ours.
            told.retain(|value| {
                record.kind() != Kind::Sleep || !["long_sleep", "sleep", "late_nap"].contains(&value.as_str())
            });
            assert!(told.is_subset(&kept), "{collection}: {:?}", told.difference(&kept).collect::<Vec<_>>());
        }
    }
}

#[test]
fn every_recorded_heartbeat_is_kept() {
    for (path, _, body) in exchanges().iter().filter(|(path, ..)| path.starts_with("heartrate")) {
        let mapped = Oura::new().map("heartrate", body.to_string().as_bytes()).unwrap();
        let samples = mapped.records.iter().map(|record| match &record.body {
            Body::HeartRate(series) => series.samples.len(),
            other => panic!("{path}: {other:?}"),
        });
        assert_eq!(samples.sum::<usize>(), body["data"].as_array().unwrap().len());
    }
}

#[test]
fn recorded_answers_map_with_nothing_skipped() {
    let mut seen = BTreeSet::new();
    let exchanges = exchanges();
    for (path, _, body) in exchanges.iter().filter(|(_, status, _)| *status == 200) {
        let collection = collection(path, body);
        let mapped = Oura::new().map(collection, body.to_string().as_bytes()).unwrap();
        assert!(mapped.skipped.is_empty(), "{path}: {:?}", mapped.skipped);
        let items = body["data"].as_array().map_or(1, Vec::len);
        if collection != "heartrate" {
            assert_eq!(mapped.records.len() + mapped.gone.len(), items, "{path}");
        }
        seen.insert(collection.to_owned());
    }
    assert!(exchanges.is_empty() || seen.len() >= 17, "{seen:?}");
}

#[test]
fn no_recorded_refusal_costs_a_refresh() {
    for (path, status, body) in exchanges().iter().filter(|(_, status, _)| *status != 200) {
        let error = Oura::new().refusal(*status, body.to_string().as_bytes());
        assert!(matches!(error, Error::NotFound | Error::Rejected(400 | 422)), "{path}: {error:?}");
    }
}

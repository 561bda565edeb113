//! Recorded real answers map without losing an item. They are not part of the project, so this passes without them.

use std::{collections::BTreeSet, fs, path::Path};

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

#[test]
fn recorded_answers_map_with_nothing_skipped() {
    let mut seen = BTreeSet::new();
    let exchanges = exchanges();
    for (path, _, body) in exchanges.iter().filter(|(_, status, _)| *status == 200) {
        let collection = path.split(['?', '/']).next().unwrap();
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

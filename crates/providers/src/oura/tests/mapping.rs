//! Each collection's traps, and what becomes of them.

use serde_json::{Value, json};

use super::{FIXTURES, Oura};
use crate::{Error, Mapped, Provider};

fn shown(mapped: &Mapped) -> Value {
    let skipped: Vec<_> = mapped.skipped.iter().map(|skipped| format!("{}: {}", skipped.index, skipped.why)).collect();
    json!({ "records": mapped.records, "gone": mapped.gone, "skipped": skipped })
}

#[test]
fn fixtures_map_as_they_are_known_to() {
    for (collection, body) in FIXTURES {
        let mapped = Oura::new().map(collection, body.as_bytes()).unwrap();
        insta::assert_json_snapshot!(collection, shown(&mapped));
    }
}

#[test]
fn a_document_by_itself_maps_as_in_its_list() {
    let oura = Oura::new();
    for (collection, body) in FIXTURES {
        let list: Value = serde_json::from_str(body).unwrap();
        if !oura.manifest().collection(collection).unwrap().documents {
            continue;
        }
        let alone = oura.map(collection, list["data"][0].to_string().as_bytes()).unwrap();
        let within = oura.map(collection, body.as_bytes()).unwrap();
        assert_eq!(alone.records, [within.records[0].clone()], "{collection}");
    }
}

#[test]
fn a_reason_for_skipping_names_no_value() {
    let mapped = Oura::new().map("sleep", FIXTURES[0].1.as_bytes()).unwrap();
    assert!(mapped.skipped.iter().any(|skipped| skipped.why.contains("efficiency")));
    assert!(!mapped.skipped.iter().any(|skipped| skipped.why.contains("eighty")));
}

#[test]
fn what_is_no_list_of_documents_is_malformed() {
    for body in ["", "<html>", "null", "[]", "{}", r#"{"detail":"no"}"#, r#"{"data":null}"#, r#"{"data":{}}"#] {
        for collection in ["sleep", "heartrate", "personal_info"] {
            let error = Oura::new().map(collection, body.as_bytes()).unwrap_err();
            assert!(matches!(error, Error::Malformed(_)), "{collection} {body}");
        }
    }
    assert!(matches!(Oura::new().map("meal", br#"{"data":[]}"#), Err(Error::Malformed(_))));
}

#[test]
fn an_empty_list_is_no_error() {
    for (collection, _) in FIXTURES {
        assert_eq!(Oura::new().map(collection, br#"{"data":[],"next_token":null}"#).unwrap(), Mapped::default());
    }
}

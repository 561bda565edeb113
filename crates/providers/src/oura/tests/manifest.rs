//! The manifest reads, and asks for no more than was consented to.

use std::collections::BTreeSet;

use model::Kind;

use super::{FIXTURES, Oura};
use crate::{Dates, Provider};

#[test]
fn all_nineteen_collections_are_there_and_mapped() {
    let oura = Oura::new();
    let ids: BTreeSet<_> = oura.manifest().collections.iter().map(|collection| collection.id.as_str()).collect();
    assert_eq!(ids.len(), 19);
    assert_eq!(ids, FIXTURES.iter().map(|(id, _)| *id).collect());
}

#[test]
fn a_collection_yields_the_kind_that_its_manifest_says() {
    let oura = Oura::new();
    for (id, body) in FIXTURES {
        let mapped = oura.map(id, body.as_bytes()).unwrap();
        let kind = oura.manifest().collection(id).unwrap().kind;
        assert!(!mapped.records.is_empty(), "{id}");
        assert!(mapped.records.iter().all(|record| record.kind() == kind), "{id}");
    }
}

#[test]
fn a_consent_asks_for_its_scopes_and_never_for_a_blank_one() {
    let manifest = Oura::new().manifest;
    let scopes = |kinds: &[Kind]| manifest.scopes(&kinds.iter().copied().collect()).into_iter().collect::<Vec<_>>();
    assert_eq!(scopes(&[Kind::Sleep, Kind::Readiness]), ["daily"]);
    assert_eq!(scopes(&[Kind::HeartRate, Kind::Spo2]), ["heartrate", "spo2"]);
    assert_eq!(scopes(&[Kind::Profile]), ["email", "personal"]);
    for kind in Kind::ALL {
        // A provider takes a blank scope for "everything".
        assert!(!scopes(&[*kind]).is_empty(), "{kind}");
    }
}

#[test]
fn every_scope_has_words_for_a_person() {
    let manifest = Oura::new().manifest;
    let scopes = manifest.scopes(&Kind::ALL.iter().copied().collect());
    assert_eq!(scopes, manifest.oauth.scope_labels.keys().cloned().collect());
    assert_eq!(scopes.len(), 11);
}

#[test]
fn what_is_asked_by_days_reaches_past_the_last_of_them() {
    for collection in Oura::new().manifest.collections {
        if collection.dates == Dates::Days {
            assert_eq!(collection.margin_after_days, 1, "{}", collection.id);
            assert!(collection.documents, "{}", collection.id);
        }
    }
}

#[test]
fn notices_call_collections_as_oura_does() {
    let manifest = Oura::new().manifest;
    let silent: Vec<_> =
        manifest.collections.iter().filter(|each| each.notices.is_none()).map(|each| &each.id).collect();
    assert_eq!(silent, ["heartrate", "personal_info", "ring_battery_level"]);
    assert_eq!(manifest.noticed_collection("vo2_max").unwrap().id, "vO2_max");
    assert!(manifest.noticed_collection("meal").is_none());
    for collection in manifest.collections.iter().filter(|each| each.notices.is_some()) {
        assert!(collection.documents, "{}: what is told of can be asked for", collection.id);
    }
}

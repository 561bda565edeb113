//! The date rule against recorded answers of the real service, where they lie next to the checkout.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::Value;

use crate::client::World;

/// What was asked, and what was answered.
struct Exchange {
    collection: String,
    query: String,
    data: Vec<Value>,
}

/// The recorded lists, without those that were written or cut by hand.
fn exchanges() -> Option<Vec<Exchange>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs/oura/recorded");
    let by_hand = ["webhook", "tag", "with_token", "invalid_range", "vo2_max", "ring_configuration", "trimmed"];
    let mut exchanges = Vec::new();
    for path in fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let recorded = name.contains("enhanced_tag") || !by_hand.iter().any(|word| name.contains(word));
        if name.starts_with("multiple_") && recorded {
            let recording: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let url: url::Url = recording[0]["request"]["url"].as_str().unwrap().parse().unwrap();
            exchanges.push(Exchange {
                collection: url.path().rsplit('/').next().unwrap().to_owned(),
                query: url.query().unwrap_or_default().to_owned(),
                data: recording[0]["response"]["body"]["data"].as_array().unwrap().clone(),
            });
        }
    }
    Some(exchanges)
}

/// Everything that was recorded of a collection is replayed; each recorded question must find its own answer in it.
#[tokio::test]
async fn recorded_questions_find_their_recorded_answers() {
    let Some(exchanges) = exchanges() else { return };
    assert!(exchanges.len() > 12);
    let mut all: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for exchange in &exchanges {
        let documents = all.entry(&exchange.collection).or_default();
        for document in &exchange.data {
            if !documents.contains(document) {
                documents.push(document.clone());
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("oura")).unwrap();
    for (collection, documents) in &all {
        let path = folder.path().join("oura").join(format!("{collection}.json"));
        fs::write(path, serde_json::to_vec(documents).unwrap()).unwrap();
    }
    let world = World::at("2024-12-14T12:00:00Z", 1, Some(folder.path().to_owned()));
    for exchange in &exchanges {
        let told = world.read(&format!("{}?{}", exchange.collection, exchange.query)).await.data();
        assert_eq!(told, exchange.data, "{}?{}", exchange.collection, exchange.query);
    }
}

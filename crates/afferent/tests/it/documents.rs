//! The documents behind a person's records, as the provider names them.

use std::collections::BTreeSet;

use anyhow::ensure;
use model::Random;

use crate::{api::Api, stand_in::StandIn};

/// Kinds of which there is a document for most days, and what the provider calls its collection.
const DAILY: [(&str, &str); 5] = [
    ("activity", "daily_activity"),
    ("session", "session"),
    ("spo2", "daily_spo2"),
    ("stress", "daily_stress"),
    ("readiness", "daily_readiness"),
];

/// A document.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) collection: &'static str,
    pub(crate) id: String,
}

/// The documents of which there are records, in any order.
pub(crate) async fn documents(api: &Api) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    for (kind, collection) in DAILY {
        let ids = ids(api, kind).await?.into_iter();
        documents.extend(ids.map(|id| Document { collection, id }));
    }
    for place in (1..documents.len()).rev() {
        let other = Random::system().fraction() * (place + 1) as f64;
        documents.swap(place, other as usize);
    }
    Ok(documents)
}

/// The identities of the records of a kind.
pub(crate) async fn ids(api: &Api, kind: &str) -> anyhow::Result<Vec<String>> {
    let page = api.get(&format!("/api/v1/records?kind={kind}&limit=500")).await?;
    let ids = page["records"].as_array().into_iter().flatten().filter_map(|record| record["provider_id"].as_str());
    Ok(ids.map(str::to_owned).collect())
}

/// Takes documents away at the provider.
pub(crate) async fn take_away(stand_in: &StandIn, account: &str, documents: &[Document]) -> anyhow::Result<()> {
    for Document { collection, id } in documents {
        stand_in.take_away(account, collection, id).await?;
    }
    Ok(())
}

/// Fails when there is a record yet of one of the documents.
pub(crate) async fn are_gone(api: &Api, gone: &[Document]) -> anyhow::Result<()> {
    let left: BTreeSet<_> = documents(api).await?.into_iter().map(|document| document.id).collect();
    let lost: Vec<_> = gone.iter().filter(|document| left.contains(&document.id)).collect();
    ensure!(lost.is_empty(), "nobody was told that these are gone: {lost:?}");
    Ok(())
}

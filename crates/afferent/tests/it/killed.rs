//! Killed in the middle of its first sync, it goes on where it was when it is started again.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use model::{Random, Secret};
use serde_json::{Value, json};
use store::{Db, MasterKeys};

use crate::{
    api::eventually,
    demo::{Demo, NOW, data},
};

/// Each start is later than whatever the one before still had in hand.
const STARTS: [&str; 3] = [NOW, "2026-06-10T15:07:00Z", "2026-06-10T15:09:00Z"];
/// Small pages, so that there are many moments to be killed at.
const ROWS: usize = 80;
/// After being killed it may ask once more for the page, and for whose account it is.
const ASKED_AGAIN: u64 = 6;

/// What there is in the end.
struct Yield {
    records: BTreeMap<String, Value>,
    counts: Value,
    added: Vec<String>,
    /// Requests that the provider answered, in all of the program's lives.
    requests: u64,
}

/// How many rounds: a few, or many when `TEST_LONG` is set.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how long they may take")]
fn rounds() -> usize {
    if std::env::var("TEST_LONG").is_ok() { 40 } else { 4 }
}

#[tokio::test]
async fn what_was_begun_is_completed() -> anyhow::Result<()> {
    let whole = live(&[]).await?;
    for round in 0..rounds() {
        let chance = Random::system();
        let first = pick(chance.fraction(), whole.requests);
        let kills = [first, pick(chance.fraction(), (whole.requests - first).max(2))];
        let scene = format!("round {round}: killed after {} and {} more requests", kills[0], kills[1]);
        let killed = live(&kills).await.map_err(|error| error.context(scene.clone()))?;
        assert_eq!(killed.counts, whole.counts, "{scene}");
        let names = |part: &BTreeMap<String, Value>| part.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&killed.records), names(&whole.records), "{scene}");
        let other: Vec<_> = whole.records.iter().filter(|(name, body)| killed.records[*name] != **body).collect();
        assert!(other.is_empty(), "{scene}: otherwise than when undisturbed: {other:?}");
        let once: BTreeSet<_> = killed.added.iter().collect();
        assert_eq!((killed.added.len(), once.len()), (whole.added.len(), whole.records.len()), "{scene}");
        let most = whole.requests + kills.len() as u64 * ASKED_AGAIN;
        assert!(killed.requests <= most, "{scene}: {} requests where {} do", killed.requests, whole.requests);
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
fn pick(fraction: f64, of: u64) -> u64 {
    (fraction * of as f64) as u64
}

/// Connects and brings the data in, killed after so many requests each time.
async fn live(kills: &[u64]) -> anyhow::Result<Yield> {
    let (_folder, data) = data()?;
    let mut demo = Demo::start(&data, &["--now", STARTS[0]]).await?;
    let ports = demo.ports();
    demo.stand_in.trouble(json!({ "page_size": ROWS })).await?;
    demo.api.connect(&demo.stand_in).await?;
    let mut requests = 0;
    for (kill, start) in kills.iter().zip(&STARTS[1..]) {
        requests += asked(&demo, *kill).await?;
        demo.program.kill().await?;
        demo = Demo::on_ports(&data, (&ports.0, &ports.1), &["--now", start]).await?;
        demo.stand_in.trouble(json!({ "page_size": ROWS })).await?;
    }
    let counts = demo.api.backfilled().await?["counts"].clone();
    requests += demo.stand_in.requests().await?;
    let (records, added) = (demo.api.records().await?, demo.api.added().await?);
    demo.program.stop("INT").await?;
    audit_is_whole(&data).await?;
    Ok(Yield { records, counts, added, requests })
}

/// Waits until the provider was asked so often, or there is no more to ask for.
async fn asked(demo: &Demo, often: u64) -> anyhow::Result<u64> {
    let look = async || {
        let asked = demo.stand_in.requests().await?;
        let over = demo.api.status().await?["syncs"][0]["finished"] == true;
        Ok((asked >= often || over).then_some(asked))
    };
    eventually("enough requests", look).await
}

/// Nobody's trail of what was done to their data is broken.
async fn audit_is_whole(data: &Path) -> anyhow::Result<()> {
    let kept: Value = serde_json::from_str(&fs::read_to_string(data.join("demo.json"))?)?;
    let text = |name: &str| kept[name].as_str().unwrap_or_default();
    let url = format!("sqlite:{}", data.join("afferent.db").display());
    let db = Db::open(&url, MasterKeys::parse(&Secret::new(text("encryption_key")))?, Random::system()).await?;
    db.read().await?.verify_audit(text("user_id").parse()?).await??;
    Ok(())
}

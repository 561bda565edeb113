//! Killed in the middle of its first sync, it goes on where it was when it is started again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::Context;
use jiff::{SignedDuration, tz::TimeZone};
use model::{Clock, Random};
use serde_json::{Value, json};
use testkit::Engine;

use crate::{
    rounds,
    scene::{EMAIL, Scene, Server},
};

/// Small pages, so that there are many moments to be killed at.
const ROWS: usize = 80;
/// After being killed it may ask once more for the page, and for whose account it is.
const ASKED_AGAIN: u64 = 6;
/// Less than a page takes, so that every step of it may be the last.
const WITHIN_A_PAGE_MILLIS: f64 = 20.0;

/// What there is in the end.
struct Yield {
    records: BTreeMap<String, Value>,
    counts: Value,
    added: Vec<String>,
    /// Requests that the provider answered, in all of the program's lives.
    requests: u64,
}

#[tokio::test]
async fn what_was_begun_is_completed() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let now = yesterday()?;
        let whole = live(engine, &now, &[]).await?;
        for round in 0..rounds(10, 60) {
            let chance = Random::system();
            let first = pick(chance.fraction(), whole.requests);
            let kills = [first, pick(chance.fraction(), (whole.requests - first).max(2))];
            let scene = format!("{engine:?}, round {round}: killed after {} and {} more requests", kills[0], kills[1]);
            let killed = live(engine, &now, &kills).await.context(scene.clone())?;
            same(&killed, &whole, &scene);
            let most = whole.requests + kills.len() as u64 * ASKED_AGAIN;
            assert!(killed.requests <= most, "{scene}: {} requests where {} do", killed.requests, whole.requests);
        }
    }
    Ok(())
}

/// A moment of yesterday at which the ring has told of the night, however long the test takes.
fn yesterday() -> anyhow::Result<String> {
    let day = (Clock::system().now() - SignedDuration::from_hours(24)).to_zoned(TimeZone::UTC).date();
    Ok(day.at(15, 5, 0, 0).to_zoned(TimeZone::UTC)?.timestamp().to_string())
}

fn same(killed: &Yield, whole: &Yield, scene: &str) {
    assert_eq!(killed.counts, whole.counts, "{scene}");
    let names = |part: &BTreeMap<String, Value>| part.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&killed.records), names(&whole.records), "{scene}");
    let other: Vec<_> = whole.records.iter().filter(|(name, body)| killed.records[*name] != **body).collect();
    assert!(other.is_empty(), "{scene}: otherwise than when undisturbed: {other:?}");
    let once: BTreeSet<_> = killed.added.iter().collect();
    assert_eq!((killed.added.len(), once.len()), (whole.added.len(), whole.records.len()), "{scene}");
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
fn pick(fraction: f64, of: u64) -> u64 {
    (fraction * of as f64) as u64
}

/// Connects and brings the data in, killed after so many requests each time.
async fn live(engine: Engine, now: &str, kills: &[u64]) -> anyhow::Result<Yield> {
    let scene = Scene::living(engine, &["--now", now, "--days", "20"]).await?;
    scene.stand_in.trouble(json!({ "page_size": ROWS })).await?;
    let token = scene.somebody().await?;
    let mut server = scene.serve(&token).await?;
    server.api.connect(&scene.stand_in).await?;
    for kill in kills {
        asked(&scene, &server, *kill).await?;
        scene.kill(server).await?;
        scene.give_up().await?;
        server = scene.serve(&token).await?;
    }
    let counts = server.api.backfilled().await?["counts"].clone();
    let requests = scene.stand_in.requests().await?;
    let (records, added) = (server.api.records().await?, server.api.added().await?);
    server.program.stop("INT").await?;
    audit_is_whole(&scene).await?;
    Ok(Yield { records, counts, added, requests })
}

/// Waits until the provider was asked so often in this life, or there is no more to ask for; then for a moment.
async fn asked(scene: &Scene, server: &Server, often: u64) -> anyhow::Result<()> {
    let before = scene.stand_in.requests().await?;
    while scene.stand_in.requests().await? < before + often {
        if server.api.status().await?["syncs"][0]["finished"] == true {
            break;
        }
    }
    let moment = Duration::from_secs_f64(Random::system().fraction() * WITHIN_A_PAGE_MILLIS / 1000.0);
    tokio::time::sleep(moment).await;
    Ok(())
}

/// Nobody's trail of what was done to their data is broken.
async fn audit_is_whole(scene: &Scene) -> anyhow::Result<()> {
    let mut tx = scene.database.db.read().await?;
    let user = tx.find_user_by_email(EMAIL).await?.context("nobody")?;
    tx.verify_audit(user.id).await??;
    Ok(())
}

//! Two servers on one database: they share the work, and nothing is done twice.

use anyhow::ensure;
use serde_json::json;
use testkit::Engine;
use tokio::task::JoinSet;

use crate::scene::{Scene, Server};

/// Callers at once, shared out between the servers.
const CALLERS: usize = 200;

/// Two servers, and somebody's token.
async fn pair(scene: &Scene) -> anyhow::Result<(Server, Server)> {
    let token = scene.somebody().await?;
    Ok((scene.serve(&token).await?, scene.serve(&token).await?))
}

#[tokio::test]
async fn what_one_brings_the_other_tells() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let alone = Scene::new(engine).await?;
        let token = alone.somebody().await?;
        let server = alone.serve(&token).await?;
        server.api.connect(&alone.stand_in).await?;
        server.api.backfilled().await?;
        let requests = alone.stand_in.requests().await?;
        server.program.stop("INT").await?;

        let scene = Scene::new(engine).await?;
        let (one, other) = pair(&scene).await?;
        one.api.connect(&scene.stand_in).await?;
        other.api.backfilled().await?;
        assert_eq!(scene.stand_in.requests().await?, requests, "{engine:?}: nothing is asked for twice");
        let records = other.api.records().await?;
        assert!(!records.is_empty());
        assert_eq!(one.api.records().await?, records);
        assert_eq!(one.api.added().await?, other.api.added().await?);
        assert_eq!(one.api.context().await?, other.api.context().await?);
        one.program.stop("INT").await?;
        other.program.stop("TERM").await?;
    }
    Ok(())
}

#[tokio::test]
async fn however_many_ask_there_is_one_refresh() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let scene = Scene::new(engine).await?;
        let (one, other) = pair(&scene).await?;
        one.api.connect(&scene.stand_in).await?;
        other.api.backfilled().await?;
        for round in 1..=3 {
            scene.age(-1).await?;
            let mut callers = JoinSet::new();
            for caller in 0..CALLERS {
                let api = if caller % 2 == 0 { &one.api } else { &other.api }.clone();
                callers.spawn(async move {
                    let synced = api.post("/api/v1/integrations/oura/sync?days=1&type=daily_sleep&wait=true").await?;
                    ensure!(synced["success"] == true, "{synced}");
                    Ok(())
                });
            }
            callers.join_all().await.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
            let calls = scene.stand_in.stats().await?["token"]["by_grant"]["refresh_token"].clone();
            assert_eq!(calls, json!({ "ok": round, "refused": 0 }), "{engine:?}");
            assert_eq!(other.api.status().await?["state"], "active");
        }
        one.program.stop("INT").await?;
        other.program.stop("INT").await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_one_leaves_behind_the_other_completes() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let scene = Scene::new(engine).await?;
        let token = scene.somebody().await?;
        let one = scene.serve(&token).await?;
        let hang = json!({ "kind": "slow", "seconds": 600, "path": "/v2/usercollection/workout" });
        scene.stand_in.trouble(hang).await?;
        one.api.connect(&scene.stand_in).await?;
        scene.stand_in.has_struck().await?;
        let other = scene.serve(&token).await?;
        one.program.kill().await?;
        scene.give_up().await?;
        let status = other.api.backfilled().await?;
        assert!(status["last_error"].is_null(), "{status}");
        assert!(status["counts"]["workout"].as_u64().is_some_and(|count| count > 0), "{status}");
        let sleep = scene.stand_in.stats().await?["requests"]["/v2/usercollection/daily_sleep"].clone();
        assert_eq!(sleep, json!({ "200": 1 }), "what was done is not done again");
        other.program.stop("INT").await?;
    }
    Ok(())
}

//! Told to stop, it stops: within ten seconds, whatever is under way.

use std::time::Duration;

use serde_json::json;
use testkit::Engine;
use tokio::time::timeout;

use crate::{
    demo::{Demo, NOW, data},
    reader::{Way, stay},
    scene::Scene,
};

/// A stream that is told has ended by then.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn it_stops_while_somebody_waits_for_a_sync() -> anyhow::Result<()> {
    for signal in ["INT", "TERM"] {
        let (_folder, data) = data()?;
        let demo = Demo::start(&data, &["--now", NOW, "--connected", "--days", "5"]).await?;
        let slow = json!({ "kind": "slow", "seconds": 600, "path": "/v2/usercollection" });
        demo.stand_in.trouble(slow).await?;
        let waiting = tokio::spawn({
            let api = demo.api.clone();
            async move { api.sync().await }
        });
        demo.stand_in.has_struck().await?;
        demo.program.stop(signal).await?;
        let answer = waiting.await?;
        assert!(answer.is_err(), "nobody can have been answered well: {answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn it_stops_at_once_when_nothing_is_under_way_but_an_open_stream() -> anyhow::Result<()> {
    let (_folder, data) = data()?;
    let demo = Demo::start(&data, &["--now", NOW, "--connected", "--days", "5"]).await?;
    let slow = json!({ "kind": "slow", "seconds": 600, "path": "/v2/usercollection" });
    demo.stand_in.trouble(slow).await?;
    let queued = demo.api.post("/api/v1/integrations/oura/sync?days=1").await?;
    let progress = queued["progress_url"].as_str().unwrap_or_default().to_owned();
    let stream = demo.api.request(reqwest::Method::GET, &progress).header("accept", "text/event-stream");
    let mut stream = stream.send().await?.error_for_status()?;
    assert!(stream.chunk().await?.is_some(), "the first step is told at once");
    demo.program.stop("INT").await?;
    while let Ok(Some(_)) = stream.chunk().await {}
    Ok(())
}

#[tokio::test]
async fn readers_are_told_that_it_stops() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let scene = Scene::new(engine).await?;
        let token = scene.somebody().await?;
        let server = scene.serve(&token).await?;
        let (stream, socket) = (stay(Way::Sse, &server.api).await?, stay(Way::Socket, &server.api).await?);
        let stopped = async { tokio::try_join!(server.program.stop("INT"), stream, socket) };
        timeout(PATIENCE, stopped).await??;
    }
    Ok(())
}

//! The disk is full: nothing is answered that is not kept, what is there can be read, and it goes on once there is room.

use std::time::{Duration, Instant};

use anyhow::ensure;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::{Engine, count};

use crate::{
    api::{Api, eventually},
    courier::Courier,
    documents::{are_gone, documents, take_away},
    scene::{EMAIL, Scene},
};

const UNSETTLED: &str =
    "select (select count(*) from bundles) + (select count(*) from deliveries where state <> 'applied')";
const RECORDS: &str = "/api/v1/records";
/// Who has read is not written down anew for a minute; the reading itself takes a while.
const NOTED_FOR: Duration = Duration::from_secs(45);
/// So often a courier comes in vain.
const IN_VAIN: usize = 30;
/// A server in trouble says so, but not without end.
const MOST_LINES: usize = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_grow_is_waited_for() -> anyhow::Result<()> {
    let mut scene = Scene::living(Engine::Sqlite, &["--days", "20"]).await?;
    let home = scene.settle()?;
    let token = scene.somebody().await?;
    let stranger = scene.say(&["token", "new", EMAIL, "--name", "another"]).await?;
    let server = scene.serve(&token).await?;
    server.api.connect(&scene.stand_in).await?;
    server.api.backfilled().await?;
    scene.is_told().await?;
    let courier = Courier::new(&home, &scene.stand_in)?;
    courier.takes_over("").await?;
    let story = async {
        let (before, read_at) = (read(&server.api).await?, Instant::now());
        let account = scene.stand_in.account().await?;
        let mut doomed = documents(&server.api).await?;
        doomed.truncate(20);

        server.program.files_end_at("1024")?;
        take_away(&scene.stand_in, &account, &doomed).await?;
        courier.collect().await?;
        let refused = async || Ok((courier.refused() > IN_VAIN).then_some(()));
        eventually("a courier sent away", refused).await?;
        ensure!(courier.answered() == 0, "what could not be kept was answered");
        // A machine that took longer over this would have to write down that somebody reads.
        if read_at.elapsed() < NOTED_FOR {
            ensure!(read(&server.api).await? == before, "what is there can be read");
        }
        // That somebody has read is written down, and who has read within this minute was written down before.
        let stranger = Api::new(&server.api.url, &stranger)?.request(Method::GET, RECORDS).send().await?;
        ensure!(stranger.status() == StatusCode::SERVICE_UNAVAILABLE, "{}", stranger.status());
        ensure!(stranger.headers().contains_key("retry-after"));
        let ready = server.api.request(Method::GET, "/ready").send().await?;
        ensure!(ready.status() == StatusCode::SERVICE_UNAVAILABLE, "a server that keeps nothing is not ready");
        let refused = server.api.request(Method::POST, "/api/v1/integrations/oura/sync?days=1").send().await?;
        ensure!(refused.status().is_server_error(), "nobody may be told that it was done: {}", refused.status());
        ensure!(server.program.runs() && server.program.complaints().lines().count() < MOST_LINES);

        server.program.files_end_at("unlimited")?;
        courier.is_done().await?;
        let settled = async || {
            scene.wait_no_longer().await?;
            Ok((count(&scene.database, UNSETTLED).await? == 0).then_some(()))
        };
        eventually("everything in order", settled).await?;
        are_gone(&server.api, &doomed).await?;
        ensure!(server.api.sync().await?["success"] == true);
        let ready = async || {
            let ready = server.api.request(Method::GET, "/ready").send().await?;
            Ok((ready.status() == StatusCode::OK).then_some(()))
        };
        eventually("a server that is ready", ready).await?;
        let status = server.api.status().await?;
        ensure!(status["state"] == "active" && status["last_error"].is_null(), "{status}");
        Ok(())
    };
    tokio::select! {
        told = story => told?,
        failed = courier.go() => failed?,
    }
    server.program.stop("INT").await
}

/// What anybody may read of the person's.
async fn read(api: &Api) -> anyhow::Result<Value> {
    let records = api.records().await?;
    let told = api.context().await?.lines().count();
    Ok(
        json!({ "records": records, "told": told, "events": api.events().await?, "me": api.get("/api/v1/me").await?["id"] }),
    )
}

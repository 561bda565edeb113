//! Killed between the provider's rotation and ours: the only refresh token is lost, and nothing else.

use std::sync::Arc;

use anyhow::Context;
use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use model::Clock;
use testkit::Engine;
use tokio::{net::TcpListener, sync::Semaphore};

use crate::{api::eventually, scene::Scene};

/// A wire to the token endpoint that can swallow answers: the provider has acted, and nobody hears of it.
struct Wire {
    url: String,
    /// How many answers get through.
    lets_through: Arc<Semaphore>,
}

impl Wire {
    async fn lay(token_url: String) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/token", listener.local_addr()?);
        let lets_through = Arc::new(Semaphore::new(0));
        let pass = lets_through.clone();
        let carry = move |headers: HeaderMap, body: Bytes| {
            let (token_url, pass) = (token_url.clone(), pass.clone());
            async move { carry(&token_url, &headers, body, &pass).await.unwrap_or_default() }
        };
        let routes = Router::new().route("/token", post(carry));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, lets_through })
    }
}

async fn carry(url: &str, headers: &HeaderMap, body: Bytes, pass: &Semaphore) -> anyhow::Result<(HeaderMap, Bytes)> {
    let form = headers.get("content-type").context("a form")?;
    let answer = crate::api::http()?.post(url).header("content-type", form).body(body).send().await?;
    let kind = answer.headers().get("content-type").context("a type")?.clone();
    let answer = answer.bytes().await?;
    pass.acquire().await?.forget();
    Ok((HeaderMap::from_iter([(axum::http::header::CONTENT_TYPE, kind)]), answer))
}

/// Makes the access token due for a refresh, as so many seconds from now being its end.
async fn age(scene: &Scene, seconds: i64) -> anyhow::Result<()> {
    let now = Clock::system().now().as_millisecond();
    let end = now + seconds * 1000;
    let aged = format!("update credentials set refresh_at = {now} - 1, expires_at = {end}, lease_until = 0");
    assert_eq!(scene.rows(&aged).await?, 1);
    let due = format!("update jobs set run_at = {now} - 1 where type = 'refresh' and finished_at is null");
    scene.rows(&due).await?;
    Ok(())
}

#[tokio::test]
async fn the_access_token_serves_to_its_end_and_then_the_loss_is_said() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let mut scene = Scene::new(engine).await?;
        let token = scene.somebody().await?;
        let server = scene.serve(&token).await?;
        server.api.connect(&scene.stand_in).await?;
        server.api.backfilled().await?;
        server.program.stop("TERM").await?;

        let wire = Wire::lay(format!("{}/oura/oauth/token", scene.sandbox_url)).await?;
        scene.set("OURA_TOKEN_URL", &wire.url);
        age(&scene, 7200).await?;
        let server = scene.serve(&token).await?;
        let stand_in = scene.stand_in.clone();
        eventually("a rotation", async || Ok((stand_in.refreshes().await? == 1).then_some(()))).await?;
        server.program.kill().await?;

        age(&scene, 7200).await?;
        let server = scene.serve(&token).await?;
        assert_eq!(server.api.sync().await?["success"], true, "the old access token serves");
        assert_eq!(server.api.status().await?["state"], "active");
        assert_eq!(scene.stand_in.stats().await?["token"]["refused"], 0, "the used token is not tried before the end");
        server.program.kill().await?;

        wire.lets_through.add_permits(1);
        age(&scene, 60).await?;
        let server = scene.serve(&token).await?;
        let look = async || {
            let status = server.api.status().await?;
            Ok((status["state"] == "needs_consent").then_some(status))
        };
        let status = eventually("the end of the connection", look).await?;
        assert_eq!(status["reason"], "outcome_lost");
        assert_eq!(scene.stand_in.stats().await?["token"]["refused"], 1, "it was tried once more");
        assert!(!server.api.records().await?.is_empty(), "what was brought before is still there");
        server.program.stop("INT").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_provider_with_grace_loses_nothing() -> anyhow::Result<()> {
    let mut scene = Scene::new(Engine::Sqlite).await?;
    scene.stand_in.trouble(serde_json::json!({ "refresh_grace_seconds": 3600 })).await?;
    let token = scene.somebody().await?;
    let server = scene.serve(&token).await?;
    server.api.connect(&scene.stand_in).await?;
    server.api.backfilled().await?;
    server.program.stop("TERM").await?;
    let wire = Wire::lay(format!("{}/oura/oauth/token", scene.sandbox_url)).await?;
    scene.set("OURA_TOKEN_URL", &wire.url);
    for round in 1..=3 {
        age(&scene, 7200).await?;
        let server = scene.serve(&token).await?;
        let stand_in = scene.stand_in.clone();
        let rotated = async || Ok((stand_in.refreshes().await? == 2 * round - 1).then_some(()));
        eventually("a rotation", rotated).await?;
        server.program.kill().await?;

        wire.lets_through.add_permits(1);
        age(&scene, 60).await?;
        let server = scene.serve(&token).await?;
        let look = async || {
            let end = server.api.status().await?["token_expires_at"].as_str().unwrap_or_default().to_owned();
            let left = end.parse::<jiff::Timestamp>()?.duration_since(Clock::system().now());
            Ok((left.as_hours() > 20).then_some(()))
        };
        eventually("fresh tokens", look).await?;
        assert_eq!(server.api.sync().await?["success"], true, "round {round}");
        server.program.kill().await?;
    }
    Ok(())
}

//! Killed between the provider's rotation and ours: the only refresh token is lost, and nothing else.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::Context;
use axum::{
    Router,
    body::Bytes,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::post,
};
use model::Clock;
use testkit::Engine;
use tokio::net::TcpListener;

use crate::{api::eventually, scene::Scene};

/// A wire to the token endpoint that can swallow answers: the provider has acted, and nobody hears of it.
struct Wire {
    url: String,
    /// Whether answers that come now are swallowed.
    swallows: Arc<AtomicBool>,
}

impl Wire {
    async fn lay(token_url: String) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/token", listener.local_addr()?);
        let swallows = Arc::new(AtomicBool::new(true));
        let swallowing = swallows.clone();
        let carry = move |headers: HeaderMap, body: Bytes| {
            let (token_url, swallowing) = (token_url.clone(), swallowing.clone());
            async move {
                let answer = carry(&token_url, &headers, body).await.unwrap_or_default();
                if swallowing.load(Ordering::SeqCst) { std::future::pending().await } else { answer }
            }
        };
        let routes = Router::new().route("/token", post(carry));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, swallows })
    }
}

async fn carry(url: &str, headers: &HeaderMap, body: Bytes) -> anyhow::Result<Response> {
    let form = headers.get("content-type").context("a form")?;
    let answer = crate::api::http()?.post(url).header("content-type", form).body(body).send().await?;
    let (status, answer) = (answer.status(), answer.text().await?);
    Ok((status, [("content-type", "application/json")], answer).into_response())
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
        scene.age(7200).await?;
        let server = scene.serve(&token).await?;
        let stand_in = scene.stand_in.clone();
        eventually("a rotation", async || Ok((stand_in.refreshes().await? == 1).then_some(()))).await?;
        server.program.kill().await?;

        scene.age(7200).await?;
        let server = scene.serve(&token).await?;
        assert_eq!(server.api.sync().await?["success"], true, "the old access token serves");
        assert_eq!(server.api.status().await?["state"], "active");
        assert_eq!(scene.stand_in.stats().await?["token"]["refused"], 0, "the used token is not tried before the end");
        server.program.kill().await?;

        wire.swallows.store(false, Ordering::SeqCst);
        scene.age(60).await?;
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
        wire.swallows.store(true, Ordering::SeqCst);
        scene.age(7200).await?;
        let server = scene.serve(&token).await?;
        let stand_in = scene.stand_in.clone();
        let rotated = async || Ok((stand_in.refreshes().await? == 2 * round - 1).then_some(()));
        eventually("a rotation", rotated).await?;
        server.program.kill().await?;

        wire.swallows.store(false, Ordering::SeqCst);
        scene.age(60).await?;
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

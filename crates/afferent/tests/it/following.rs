//! Readers who follow while data comes in and the server is killed and started again: each position once, in order.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, bail, ensure};
use futures::StreamExt;
use jiff::{SignedDuration, tz::TimeZone};
use model::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::Engine;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::{api::Api, scene::Scene};

/// A server that is away is asked again.
const AGAIN: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(60);
/// How many of the provider's answers come between two kills.
const BETWEEN_KILLS: u64 = 25;

/// Where the server is now, and the position that ends the reading, once it is known.
type Told = (watch::Receiver<Api>, watch::Receiver<Option<i64>>);

#[tokio::test]
async fn each_position_comes_once_although_the_server_is_killed() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let now = (Clock::system().now() - SignedDuration::from_hours(24)).to_zoned(TimeZone::UTC).date();
        let now = now.at(15, 5, 0, 0).to_zoned(TimeZone::UTC)?.timestamp().to_string();
        let scene = Scene::living(engine, &["--now", &now, "--days", "15"]).await?;
        scene.stand_in.trouble(json!({ "page_size": 40 })).await?;
        let token = scene.somebody().await?;
        let mut server = scene.serve(&token).await?;
        let (place, at) = watch::channel(server.api.clone());
        let (end, until) = watch::channel(None);
        let readers = [listen((at.clone(), until.clone())), socket((at, until), token.clone())];
        server.api.connect(&scene.stand_in).await?;
        for _ in 0..2 {
            let before = scene.stand_in.requests().await?;
            while scene.stand_in.requests().await? < before + BETWEEN_KILLS {
                sleep(AGAIN).await;
            }
            scene.kill(server).await?;
            scene.give_up().await?;
            server = scene.serve(&token).await?;
            place.send_replace(server.api.clone());
        }
        server.api.backfilled().await?;
        let head = server.api.events().await?.last().and_then(|event| event["position"].as_i64());
        end.send_replace(Some(head.context("nothing came")?));
        for reader in readers {
            let positions = timeout(PATIENCE, reader).await.context("something is missing")???;
            ensure!(positions.iter().copied().eq(1..=head.unwrap_or_default()), "{engine:?}: {positions:?}");
        }
        server.program.stop("INT").await?;
    }
    Ok(())
}

/// Follows server-sent events, as often as it takes.
fn listen((at, until): Told) -> JoinHandle<anyhow::Result<Vec<i64>>> {
    tokio::spawn(async move {
        let mut positions = Vec::new();
        while !is_over(&positions, &until) {
            let api = at.borrow().clone();
            let after = positions.last().copied().unwrap_or(0);
            let request = api.request(Method::GET, &format!("/api/v1/events/stream?after={after}"));
            let Ok(mut answer) = request.send().await else {
                sleep(AGAIN).await;
                continue;
            };
            let mut text = String::new();
            while !is_over(&positions, &until) {
                let Ok(next) = timeout(AGAIN, answer.chunk()).await else { continue };
                let Ok(Some(bytes)) = next else { break };
                text.push_str(std::str::from_utf8(&bytes)?);
                while let Some((block, rest)) = text.split_once("\n\n") {
                    let data = block.lines().find_map(|line| line.strip_prefix("data: "));
                    let event = data.map(serde_json::from_str::<Value>).transpose()?;
                    positions.extend(event.and_then(|event| event["position"].as_i64()));
                    text = rest.to_owned();
                }
            }
        }
        Ok(positions)
    })
}

/// Follows over a WebSocket, as often as it takes.
fn socket((at, until): Told, token: String) -> JoinHandle<anyhow::Result<Vec<i64>>> {
    tokio::spawn(async move {
        let mut positions = Vec::new();
        while !is_over(&positions, &until) {
            let after = positions.last().copied().unwrap_or(0);
            let url = format!("{}/ws/events?after={after}", at.borrow().url.replace("http:", "ws:"));
            let mut request = url.into_client_request()?;
            request.headers_mut().insert("authorization", HeaderValue::from_str(&format!("Bearer {token}"))?);
            let Ok((mut socket, _)) = connect_async(request).await else {
                sleep(AGAIN).await;
                continue;
            };
            while !is_over(&positions, &until) {
                let Ok(next) = timeout(AGAIN, socket.next()).await else { continue };
                let Some(Ok(message)) = next else { break };
                if let Message::Text(text) = message {
                    let said: Value = serde_json::from_str(&text)?;
                    positions.extend(said["event"]["position"].as_i64());
                }
            }
        }
        Ok(positions)
    })
}

fn is_over(positions: &[i64], until: &watch::Receiver<Option<i64>>) -> bool {
    until.borrow().is_some_and(|head| positions.last().is_some_and(|last| *last >= head))
}

#[tokio::test]
async fn readers_are_told_that_the_server_stops() -> anyhow::Result<()> {
    let scene = Scene::new(Engine::Sqlite).await?;
    let token = scene.somebody().await?;
    let server = scene.serve(&token).await?;
    let request = server.api.request(Method::GET, "/api/v1/events/stream");
    let mut stream = request.send().await?.error_for_status()?;
    ensure!(stream.chunk().await?.is_some(), "a stream says where it begins");
    let mut request = format!("{}/ws/events", server.api.url.replace("http:", "ws:")).into_client_request()?;
    let protocols = format!("afferent.events, bearer.{token}");
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_str(&protocols)?);
    let (mut socket, _) = connect_async(request).await?;
    let mut heard = BTreeSet::new();
    let stopped = server.program.stop("INT");
    let reading = async {
        while timeout(PATIENCE, stream.chunk()).await??.is_some() {}
        heard.insert("stream");
        loop {
            match timeout(PATIENCE, socket.next()).await?.context("cut off")?? {
                Message::Close(Some(frame)) if u16::from(frame.code) == 1001 => break,
                Message::Close(other) => bail!("closed with {other:?}"),
                _ => {}
            }
        }
        heard.insert("socket");
        Ok(())
    };
    let (stopped, read) = tokio::join!(stopped, reading);
    stopped?;
    read?;
    ensure!(heard.len() == 2, "{heard:?}");
    Ok(())
}

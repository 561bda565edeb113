//! Trouble on demand.

use std::time::Duration;

use http::StatusCode;
use sandbox::{Fault, FaultKind};

use crate::client::{ALL, World, pair};

const SLEEP: &str = "/oura/v2/usercollection/sleep";

#[tokio::test]
async fn answers_go_wrong_as_often_as_told() {
    let world = World::new();
    let (access, _) = world.connect(ALL).await;
    let faults = world.sandbox.faults("oura").unwrap();
    faults.inject(Fault::of(FaultKind::RateLimit).on("/v2/usercollection/sleep").seconds(17));
    let limited = world.get(SLEEP, &access).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.headers["retry-after"], "17");
    for name in ["x-ratelimit-limit", "x-ratelimit-window", "x-ratelimit-reset", "x-ratelimit-tier", "x-trace-id"] {
        assert!(limited.headers.contains_key(name), "{name}");
    }
    faults.inject(Fault::of(FaultKind::Error).times(2));
    assert_eq!(world.get(SLEEP, &access).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(world.get("/oura/v2/usercollection/tag", &access).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    faults.inject(Fault::of(FaultKind::Malformed));
    let cut = world.get(SLEEP, &access).await;
    assert!(
        cut.status.is_success()
            && !cut.body.is_empty()
            && serde_json::from_slice::<serde_json::Value>(&cut.body).is_err()
    );
    assert_eq!(world.get(SLEEP, &access).await.status, StatusCode::OK);
    let requests = &faults.stats().requests["/v2/usercollection/sleep"];
    assert_eq!((requests["200"], requests["429"], requests["500"]), (2, 1, 1));
}

#[tokio::test]
async fn too_many_requests_are_limited_until_the_window_ends() {
    let world = World::new();
    let (access, _) = world.connect(ALL).await;
    world.sandbox.faults("oura").unwrap().set_rate_limit(5);
    let mut last = world.get(SLEEP, &access).await;
    for _ in 0..5 {
        last = world.get(SLEEP, &access).await;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = last.headers["retry-after"].to_str().unwrap().parse().unwrap();
    world.clock.turn(Duration::from_secs(wait));
    assert_eq!(world.get(SLEEP, &access).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_slow_answer_waits_for_the_clock() {
    let world = World::new();
    let (access, _) = world.connect(ALL).await;
    world.sandbox.faults("oura").unwrap().inject(Fault::of(FaultKind::Slow).seconds(40));
    let asked = world.get(SLEEP, &access);
    tokio::pin!(asked);
    let early = futures::poll!(asked.as_mut());
    assert!(early.is_pending());
    world.clock.turn(Duration::from_secs(40));
    assert_eq!(asked.await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_dropped_refresh_has_rotated_all_the_same() {
    let world = World::new();
    let (_, refresh) = world.connect(ALL).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = world.router.clone();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &refresh),
        ("client_id", "app"),
        ("client_secret", "secret"),
    ];
    let faults = world.sandbox.faults("oura").unwrap();
    faults.inject(Fault::of(FaultKind::Drop).on("/oauth/token"));
    let client = reqwest::Client::builder().build().unwrap();
    let lost = client.post(format!("http://{address}/oura/oauth/token")).form(&form).send().await;
    let lost = match lost {
        Ok(response) => response.bytes().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(lost.is_err());
    assert_eq!(faults.stats().requests["/oauth/token"]["dropped"], 1);
    assert_eq!(world.refresh(&refresh).await.json()["error"], "invalid_grant");
    server.abort();
}

#[tokio::test]
async fn tokens_expire_and_consent_ends_on_demand() {
    let world = World::new();
    let faults = world.sandbox.faults("oura").unwrap();
    let (access, refresh) = world.connect(ALL).await;
    faults.expire_tokens();
    assert_eq!(world.get(SLEEP, &access).await.status, StatusCode::UNAUTHORIZED);
    let (access, refresh) = pair(&world.refresh(&refresh).await);
    assert_eq!(world.get(SLEEP, &access).await.status, StatusCode::OK);
    faults.revoke_consent();
    assert_eq!(world.get(SLEEP, &access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.refresh(&refresh).await.json()["error"], "invalid_grant");
    let (access, _) = world.connect(ALL).await;
    assert_eq!(world.get(SLEEP, &access).await.status, StatusCode::OK, "a new consent is a new grant");
}

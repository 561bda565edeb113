//! The subscription API.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::{
    client::World,
    receiver::{Receiver, SUBSCRIPTIONS, TOKEN, wanted},
};

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn a_subscription_is_made_once_its_address_has_passed_the_challenge() {
    let (world, receiver) = (World::new(), Receiver::open().await);
    let made = world.apply(Method::POST, SUBSCRIPTIONS, &wanted(&receiver.hook(), "update", "sleep")).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let told = made.json();
    let names: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["id", "callback_url", "event_type", "data_type", "expiration_time"]);
    assert_eq!(told["expiration_time"], "2026-09-08T15:00:00+00:00", "ninety days");
    let challenges = receiver.challenges();
    assert_eq!((challenges.len(), &challenges[0]["verification_token"]), (1, &json!(TOKEN)));

    let path = format!("{SUBSCRIPTIONS}/{}", told["id"].as_str().unwrap());
    assert_eq!(world.apply(Method::GET, SUBSCRIPTIONS, &Value::Null).await.json(), json!([told]), "a bare array");
    assert_eq!(world.apply(Method::GET, &path, &Value::Null).await.json(), told);
    let again = world.apply(Method::POST, SUBSCRIPTIONS, &wanted(&receiver.hook(), "update", "sleep")).await;
    assert_eq!((again.status, receiver.challenges().len()), (StatusCode::CONFLICT, 1));
    let ended = world.apply(Method::DELETE, &path, &Value::Null).await;
    assert_eq!((ended.status, ended.body.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(world.apply(Method::GET, SUBSCRIPTIONS, &Value::Null).await.json(), json!([]));
}

#[tokio::test]
async fn an_address_that_fails_the_challenge_gets_nothing() {
    let (world, receiver) = (World::new(), Receiver::open().await);
    let ask = async |url: &str, token: &str| {
        let mut body = wanted(url, "create", "tag");
        body["verification_token"] = json!(token);
        world.apply(Method::POST, SUBSCRIPTIONS, &body).await.status
    };
    assert_eq!(ask(&receiver.hook(), "another").await, StatusCode::BAD_REQUEST, "the address knows no such token");
    assert_eq!(ask(&format!("{}/stubborn", receiver.url), TOKEN).await, StatusCode::BAD_REQUEST);
    assert_eq!(ask(&format!("{}/nowhere", receiver.url), TOKEN).await, StatusCode::BAD_REQUEST);
    assert_eq!(ask("http://127.0.0.1:1/", TOKEN).await, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(world.apply(Method::GET, SUBSCRIPTIONS, &Value::Null).await.json(), json!([]));
    assert_eq!(ask(&format!("{}?for=oura", receiver.hook()), TOKEN).await, StatusCode::CREATED);
    assert_eq!(receiver.challenges().last().unwrap()["for"], "oura", "what the address says itself is kept");
}

#[tokio::test]
async fn who_keeps_the_challenge_waiting_is_given_up() {
    let world = World::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let silent = async {
        let _kept = listener.accept().await.unwrap();
        world.clock.turn(Duration::from_secs(60));
        std::future::pending::<()>().await;
    };
    let body = wanted(&url, "create", "tag");
    let asked = world.apply(Method::POST, SUBSCRIPTIONS, &body);
    let answer = tokio::select! { answer = asked => answer, () = silent => unreachable!("it stays silent") };
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert!(answer.text().starts_with("<html>"), "{}", answer.text());
}

#[tokio::test]
async fn nobody_but_the_application_is_answered() {
    let world = World::new();
    for (id, secret) in [("app", "wrong"), ("other", "secret"), ("", "")] {
        for (method, path) in [
            (Method::GET, SUBSCRIPTIONS.to_owned()),
            (Method::POST, SUBSCRIPTIONS.to_owned()),
            (Method::GET, format!("{SUBSCRIPTIONS}/x")),
            (Method::PUT, format!("{SUBSCRIPTIONS}/x")),
            (Method::DELETE, format!("{SUBSCRIPTIONS}/x")),
            (Method::PUT, format!("{SUBSCRIPTIONS}/renew/x")),
        ] {
            let request = Request::builder().method(&method).uri(&path);
            let request = request.header("x-client-id", id).header("x-client-secret", secret);
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_is_not_understood_is_named() {
    let world = World::new();
    let ask = async |body: &Value| {
        let answer = world.apply(Method::POST, SUBSCRIPTIONS, body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        answer.json()["detail"].clone()
    };
    let refused = ask(&wanted("http://app.test/", "merge", "heartrate")).await;
    assert_eq!((&refused[0]["type"], &refused[0]["loc"]), (&json!("enum"), &json!(["body", "event_type"])));
    assert_eq!(refused[0]["ctx"]["expected"], "'create', 'update' or 'delete'");
    assert!(refused[1]["ctx"]["expected"].as_str().unwrap().ends_with("'vo2_max' or 'meal'"));
    let refused = ask(&json!({ "callback_url": 7 })).await;
    let kinds: Vec<_> = refused.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["missing", "string_type", "missing", "missing"]);
    assert_eq!(ask(&wanted("ftp://app.test/", "create", "tag")).await[0]["loc"], json!(["body", "callback_url"]));
    assert_eq!(ask(&json!([])).await[0]["loc"], json!(["body"]));
}

#[tokio::test]
async fn an_identity_that_is_not_there_is_forbidden() {
    let world = World::new();
    let path = format!("{SUBSCRIPTIONS}/5d3fe17b-f880-4d93-b9b6-afbfb76c1e78");
    let change = json!({ "verification_token": TOKEN });
    for (method, path, body) in [
        (Method::GET, path.clone(), Value::Null),
        (Method::PUT, path.clone(), change),
        (Method::DELETE, path, Value::Null),
        (Method::PUT, format!("{SUBSCRIPTIONS}/renew/5d3fe17b-f880-4d93-b9b6-afbfb76c1e78"), Value::Null),
    ] {
        let answer = world.apply(method, &path, &body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(answer.json()["detail"], "Webhook with specified id does not exist.");
    }
}

#[tokio::test]
async fn a_subscription_lives_ninety_days_and_as_long_again_when_renewed() {
    let (world, receiver) = (World::new(), Receiver::open().await);
    let id = world.subscribe(&receiver.hook(), "create", "tag").await;
    let other = world.subscribe(&receiver.hook(), "delete", "tag").await;
    world.clock.turn(Duration::from_secs(80 * DAY));
    let renewed = world.apply(Method::PUT, &format!("{SUBSCRIPTIONS}/renew/{id}"), &Value::Null).await;
    assert_eq!((renewed.status, &renewed.json()["id"]), (StatusCode::OK, &json!(id)));
    assert_eq!(renewed.json()["expiration_time"], "2026-11-27T15:00:00+00:00");
    world.clock.turn(Duration::from_secs(10 * DAY));
    let left = world.apply(Method::GET, SUBSCRIPTIONS, &Value::Null).await.json();
    assert_eq!(left, json!([renewed.json()]), "the other one has expired");
    let too_late = world.apply(Method::PUT, &format!("{SUBSCRIPTIONS}/renew/{other}"), &Value::Null).await;
    assert_eq!(too_late.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_subscription_is_changed_by_who_passes_the_challenge_again() {
    let (world, receiver) = (World::new(), Receiver::open().await);
    let id = world.subscribe(&receiver.hook(), "create", "tag").await;
    world.subscribe(&receiver.hook(), "create", "sleep").await;
    let path = format!("{SUBSCRIPTIONS}/{id}");
    let change = async |body: Value| world.apply(Method::PUT, &path, &body).await;
    let before = world.apply(Method::GET, &path, &Value::Null).await.json();
    assert_eq!(change(json!({ "verification_token": "wrong" })).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(change(json!({ "data_type": "workout" })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let taken = json!({ "verification_token": TOKEN, "data_type": "sleep" });
    assert_eq!(change(taken).await.status, StatusCode::CONFLICT);
    assert_eq!(world.apply(Method::GET, &path, &Value::Null).await.json(), before);
    let probed = change(json!({ "verification_token": TOKEN, "callback_url": null })).await;
    assert_eq!((probed.status, probed.json()), (StatusCode::OK, before));
    let changed = change(json!({ "verification_token": TOKEN, "data_type": "workout" })).await.json();
    assert_eq!((&changed["id"], &changed["data_type"]), (&json!(id), &json!("workout")));
    assert_eq!(receiver.challenges().len(), 6);
}

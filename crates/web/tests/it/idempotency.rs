//! A POST that is repeated with the same key has its effect once.

use model::{Role, Scopes};
use serde_json::{Value, json};

use crate::doors::{Doors, post};

fn token(name: &str) -> Value {
    json!({ "name": name, "scopes": ["context:read"] })
}

#[tokio::test]
async fn the_same_key_has_its_effect_once() {
    let doors = Doors::open().await;
    let (user, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let make =
        |name: &str, key: &str| post("/api/v1/tokens").cookie(&cookie).json(&token(name)).with("idempotency-key", key);
    let first = doors.send(make("Coach", "k1")).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    let again = doors.send(make("Coach", "k1")).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(first.json(), again.json());
    assert_eq!(doors.identity.tokens(user.id).await.unwrap().len(), 1);
    let other = doors.send(make("Another", "k1")).await;
    assert_eq!((other.status, other.problem().as_str()), (409, "idempotency"));
    assert_eq!(doors.send(make("Another", "k2")).await.status, 201);
    let endless = doors.send(make("Coach", &"k".repeat(201))).await;
    assert_eq!((endless.status, endless.problem().as_str()), (422, "invalid"));
}

#[tokio::test]
async fn what_failed_may_be_tried_again() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let make = |body: &Value| post("/api/v1/tokens").cookie(&cookie).json(body).with("idempotency-key", "k1");
    assert_eq!(doors.send(make(&json!({ "name": "Coach", "scopes": [] }))).await.status, 422);
    assert_eq!(doors.send(make(&token("Coach"))).await.status, 201);
}

#[tokio::test]
async fn two_callers_may_choose_the_same_key() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let bearer = doors.token(&ada, Scopes::personal()).await;
    let make = || post("/api/v1/tokens").json(&token("Coach")).with("idempotency-key", "k1");
    let by_browser = doors.send(make().cookie(&cookie)).await;
    let by_token = doors.send(make().bearer(&bearer)).await;
    assert_eq!((by_browser.status, by_token.status), (201, 201));
    assert_ne!(by_browser.json()["secret"], by_token.json()["secret"]);
}

//! A POST that is repeated with the same key has its effect once.

use model::{Actor, Role, Scopes, Sharing};
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

#[tokio::test]
async fn what_tells_of_a_person_is_never_answered_from_memory() {
    let doors = Doors::open().await;
    let (user, _) = doors.visitor("ada@example.org", Role::Member).await;
    doors.house.connect(user.id).await.unwrap();
    doors.work().await;
    let token = doors.token(&user, Scopes::personal()).await;
    let chat = json!({ "messages": [{ "role": "user", "content": "How did I sleep?" }] });
    let inject = || post("/api/v1/context/inject").bearer(&token).json(&chat).with("idempotency-key", "k1");
    assert_eq!(doors.send(inject()).await.header("x-context-injected"), "true");
    doors.house.engine.set_sharing(&Actor::User(user.id), user.id, &Sharing::nothing()).await.unwrap();
    let again = doors.send(inject()).await;
    assert_eq!((again.header("x-context-injected"), again.header("idempotency-replayed")), ("false", ""));
}

#[tokio::test]
async fn a_key_buys_no_more_tries() {
    let doors = Doors::of(testkit::Engine::Sqlite, |settings| settings.requests_per_minute = 2).await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let make = || post("/api/v1/tokens").cookie(&cookie).json(&token("Coach")).with("idempotency-key", "k1");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let answer = doors.send(make()).await;
        seen.push((answer.status, answer.header("ratelimit-remaining").to_owned()));
    }
    assert_eq!(seen, [(201, "1".to_owned()), (201, "0".to_owned()), (429, "0".to_owned())]);
}

#[test]
fn the_description_says_where_keys_and_limits_are() {
    let document = serde_json::to_value(web::openapi()).unwrap();
    let takes_key = |operation: &Value| {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        parameters.iter().any(|parameter| parameter["name"] == "idempotency-key" && parameter["in"] == "header")
    };
    let mut keyed = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(!takes_key(operation) || method == "post", "{method} {path}");
            let limited = operation["responses"]["429"]["headers"]["ratelimit-remaining"].is_object();
            let ends = ["/auth", "/callback", "/webhooks/{webhook}/test"];
            let guarded = path.starts_with("/api/v1/tokens") || ends.iter().any(|end| path.ends_with(end));
            assert_eq!(limited, guarded, "{method} {path}");
            if takes_key(operation) {
                keyed.push(path.trim_start_matches("/api/v1/").to_owned());
            }
        }
    }
    keyed.sort();
    let integration = |verb: &str| format!("integrations/{{provider}}/{verb}");
    let mut wanted = [
        "connect-links",
        "connect-links/redeem",
        "deliveries/{delivery}/replay",
        "subscriptions",
        "subscriptions/reconcile",
        "subscriptions/{subscription}/renew",
        "tokens",
        "users",
        "webhooks",
        "webhooks/{webhook}/replay",
        "webhooks/{webhook}/rotate",
        "webhooks/{webhook}/test",
    ]
    .map(str::to_owned)
    .to_vec();
    wanted.extend(["auth", "confirm", "disconnect", "sync"].map(integration));
    wanted.sort();
    assert_eq!(keyed, wanted);
}

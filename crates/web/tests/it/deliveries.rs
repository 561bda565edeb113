//! What providers send: who is let in, what is answered, and who sees what became of it.

use engine::{AuditQuery, DeliveryQuery};
use model::{Action, DeliveryState, Operation, Role, Scope, Scopes, Secret};
use serde_json::json;
use testkit::{Engine, SignedDelivery};

use crate::doors::{Answer, Ask, Doors, get, post};

const DOOR: &str = "/api/v1/integrations/oura/webhook";
const ALIAS: &str = "/webhooks";

/// A delivery as the provider posts it.
fn posted(path: &str, delivery: &SignedDelivery) -> Ask {
    let ask = post(path).body("application/json", std::str::from_utf8(&delivery.body).unwrap());
    delivery.headers.iter().fold(ask, |ask, (name, value)| ask.with_header(name.clone(), value.clone()))
}

fn delivery(doors: &Doors, account: &str, object: &str) -> SignedDelivery {
    SignedDelivery::of(account, Operation::Update, "sleep", object, doors.house.now())
}

async fn states(doors: &Doors) -> Vec<DeliveryState> {
    let wanted = DeliveryQuery { limit: 10_000, ..DeliveryQuery::default() };
    doors.house.engine.deliveries(&wanted).await.unwrap().into_iter().map(|delivery| delivery.state).collect()
}

/// Somebody connected, and their account.
async fn connected(doors: &Doors) -> String {
    let user = doors.somebody("ada@example.org", Role::Member).await.id;
    let connection = doors.house.connect_to(user, &["sleep"]).await.unwrap();
    doors.work().await;
    doors.house.test.db.read().await.unwrap().connection(user, connection).await.unwrap().account.id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_hundreds_at_once_each_that_is_answered_has_its_effect() {
    for database in Engine::all() {
        let doors = std::sync::Arc::new(Doors::of(database, |_| ()).await);
        let account = connected(&doors).await;
        let mut posts = tokio::task::JoinSet::new();
        for number in 0..400 {
            let path = if number % 2 == 0 { DOOR } else { ALIAS };
            let ask = posted(path, &delivery(&doors, &account, &format!("night-{}", number % 200)));
            let doors = doors.clone();
            posts.spawn(async move { doors.send(ask).await });
        }
        while let Some(answer) = posts.join_next().await {
            let answer = answer.unwrap();
            assert_eq!((answer.status, answer.text.as_str()), (200, "{}"), "{answer:?}");
        }
        assert_eq!(received(&doors).await, 400);
        doors.work().await;
        let states = states(&doors).await;
        assert!((200..400).contains(&states.len()), "of twins that are opened together, one counts: {}", states.len());
        assert!(states.iter().all(|state| *state == DeliveryState::Applied));
        let asked = doors.house.faults().stats().requests_to("/v2/usercollection/sleep/{document_id}");
        assert_eq!(asked, 200);
    }
}

/// How many deliveries are not opened yet.
async fn received(doors: &Doors) -> i64 {
    let counts = doors.house.engine.delivery_counts().await.unwrap();
    counts.iter().filter(|it| it.state == DeliveryState::Received).map(|it| it.count).sum()
}

fn refused(answer: &Answer, status: u16, problem: &str) {
    assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{answer:?}");
}

#[tokio::test]
async fn only_the_provider_comes_in() {
    let doors = Doors::open().await;
    let good = delivery(&doors, "a", "b");
    let day = jiff::SignedDuration::from_hours(25);
    let old = SignedDelivery::signing(&good.body, doors.house.now() - day);
    let early = SignedDelivery::signing(&good.body, doors.house.now() + day);
    let forged = SignedDelivery::signed_with("guessed", &good.body, doors.house.now());
    let unsigned = SignedDelivery { headers: Default::default(), ..good.clone() };
    for delivery in [old, early, forged, unsigned] {
        refused(&doors.send(posted(DOOR, &delivery)).await, 401, "not-the-provider");
    }
    let large = SignedDelivery::signing(&vec![b' '; 65_537], doors.house.now());
    refused(&doors.send(posted(DOOR, &large)).await, 413, "too-large");
    let full = SignedDelivery::signing(&vec![b' '; 65_536], doors.house.now());
    for path in ["/api/v1/integrations/whoop/webhook", "/api/v1/integrations/%20/webhook"] {
        refused(&doors.send(posted(path, &good)).await, 404, "not-found");
        refused(&doors.send(get(path)).await, 404, "not-found");
    }
    assert_eq!(received(&doors).await, 0);
    assert_eq!(doors.send(posted(DOOR, &full)).await.status, 200, "what is signed is never refused");
    assert_eq!(doors.send(posted(DOOR, &good)).await.status, 200);
    assert_eq!(received(&doors).await, 2);
}

#[tokio::test]
async fn the_address_is_proved_to_who_knows_the_token() {
    let doors = Doors::open().await;
    let token = doors.house.engine.provider("oura").unwrap().application.verification_token();
    let ask =
        |path: &str, token: &Secret| get(&format!("{path}?verification_token={}&challenge=a%2Bb%20c", token.expose()));
    for path in [DOOR, ALIAS] {
        let answer = doors.send(ask(path, &token)).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "challenge": "a+b c" })));
        refused(&doors.send(ask(path, &Secret::new("wrong"))).await, 401, "not-the-provider");
        refused(&doors.send(get(path)).await, 401, "not-the-provider");
    }
}

#[tokio::test]
async fn a_delivery_counts_by_its_signature_wherever_its_sender_says_to_be() {
    let doors = Doors::open().await;
    for (number, path) in [DOOR, ALIAS].into_iter().enumerate() {
        let ask = posted(path, &delivery(&doors, "a", &number.to_string()));
        let answer = doors.send(ask.with("origin", "https://api.provider.example").with("host", "afferent.test")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let forged = SignedDelivery::signed_with("guessed", b"{}", doors.house.now());
    let foreign = posted(DOOR, &forged).with("sec-fetch-site", "cross-site");
    refused(&doors.send(foreign).await, 401, "not-the-provider");
    for path in ["/api/v1/integrations/oura/sync", "/api/v1/integrations/oura/auth", "/sign-out"] {
        let foreign = post(path).with("origin", "https://evil.example").with("host", "afferent.test");
        refused(&doors.send(foreign).await, 403, "cross-site");
    }
}

#[tokio::test]
async fn whose_deliveries_are_looked_at_is_on_their_record() {
    for database in Engine::all() {
        let doors = Doors::of(database, |_| ()).await;
        let account = connected(&doors).await;
        for night in ["a", "b"] {
            doors.send(posted(DOOR, &delivery(&doors, &account, night))).await;
        }
        doors.work().await;
        let mut tx = doors.house.test.db.read().await.unwrap();
        let ada = tx.find_user_by_email("ada@example.org").await.unwrap().unwrap().id;
        drop(tx);
        let (root, cookie) = doors.visitor("root@example.org", Role::Admin).await;
        let token = doors.service_token(&root, Scopes([Scope::DeliveriesRead].into())).await;
        let seen = async || {
            let wanted = AuditQuery { limit: 9, action: Some(Action::DeliveriesRead), ..AuditQuery::default() };
            let entries = doors.house.engine.audit(ada, &wanted).await.unwrap();
            entries.into_iter().map(|entry| entry.actor).collect::<Vec<_>>()
        };
        doors.send(get("/api/v1/deliveries?state=dead").bearer(&token)).await;
        assert!(seen().await.is_empty(), "nothing of hers was shown");
        doors.send(get("/api/v1/deliveries").bearer(&token)).await;
        assert_eq!(seen().await, ["token"]);
        assert_eq!(doors.send(get("/server/deliveries").cookie(&cookie)).await.status, 200);
        assert_eq!(seen().await, ["user", "token"]);
    }
}

#[tokio::test]
async fn a_provider_is_not_counted() {
    let doors = Doors::of(Engine::Sqlite, |settings| settings.requests_per_minute = 1).await;
    for number in 0..10 {
        let answer = doors.send(posted(DOOR, &delivery(&doors, "a", &number.to_string()))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_to_be_sent_again() {
    for database in Engine::all() {
        let doors = Doors::of(database, |_| ()).await;
        let delivery = delivery(&doors, "a", "b");
        assert_eq!(doors.send(posted(DOOR, &delivery)).await.status, 200);
        doors.house.test.db.close().await;
        let answer = doors.send(posted(DOOR, &delivery)).await;
        refused(&answer, 503, "not-kept");
        assert_eq!(answer.header("retry-after"), "5");
    }
}

#[tokio::test]
async fn administrators_and_apps_see_what_came_and_have_it_done_again() {
    let doors = Doors::open().await;
    let account = connected(&doors).await;
    for (number, account) in [&account, "a stranger's"].into_iter().enumerate() {
        doors.house.clock.turn(std::time::Duration::from_secs(1));
        doors.send(posted(DOOR, &delivery(&doors, account, &format!("night-{number}")))).await;
    }
    doors.send(posted(DOOR, &SignedDelivery::signing(b"nothing", doors.house.now()))).await;
    doors.work().await;
    let (admin, cookie) = doors.visitor("admin@example.org", Role::Admin).await;
    let token = doors.service_token(&admin, Scopes([Scope::DeliveriesRead, Scope::DeliveriesWrite].into())).await;
    let list = async |query: &str| doors.send(get(&format!("/api/v1/deliveries{query}")).bearer(&token)).await.json();
    let all = list("").await;
    let shown = all["deliveries"].as_array().unwrap();
    let states: std::collections::BTreeSet<_> = shown.iter().map(|it| it["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["applied", "dead", "unmatched"].into());
    let applied = &shown[2];
    assert_eq!((&applied["provider"], &applied["why"]), (&json!("oura"), &json!(null)));
    let notice = &applied["notices"][0];
    assert_eq!((&notice["object_id"], &notice["collection"]), (&json!("night-0"), &json!("sleep")));
    assert_eq!((&notice["operation"], &notice["state"]), (&json!("update"), &json!("applied")));
    assert_eq!(doors.send(get("/api/v1/deliveries").cookie(&cookie)).await.json(), all);

    let page = list("?limit=2").await;
    assert_eq!(page["deliveries"].as_array().unwrap(), &shown[..2]);
    let rest = list(&format!("?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await;
    assert_eq!((rest["deliveries"].as_array().unwrap().as_slice(), &rest["next_cursor"]), (&shown[2..], &json!(null)));
    assert_eq!(list("?state=applied").await["deliveries"].as_array().unwrap(), &shown[2..]);
    assert_eq!(list("?provider=whoop").await["deliveries"], json!([]));
    for odd in ["?state=odd", "?limit=0", "?limit=501", "?cursor=odd"] {
        let answer = doors.send(get(&format!("/api/v1/deliveries{odd}")).bearer(&token)).await;
        refused(&answer, 422, "invalid");
    }

    let replay = |id: &str| post(&format!("/api/v1/deliveries/{id}/replay"));
    let again = doors.send(replay(applied["id"].as_str().unwrap()).bearer(&token)).await;
    assert_eq!((again.status, &again.json()["state"]), (202, &json!("waiting")));
    let unmatched = shown.iter().find(|it| it["state"] == json!("unmatched")).unwrap();
    let again = doors.send(replay(unmatched["id"].as_str().unwrap()).cookie(&cookie)).await;
    assert_eq!((again.status, &again.json()["state"]), (202, &json!("received")));
    doors.work().await;
    assert_eq!(list("?state=applied").await["deliveries"].as_array().unwrap().len(), 1);
    for unknown in ["01990000-0000-7000-8000-000000000000", "odd"] {
        refused(&doors.send(replay(unknown).bearer(&token)).await, 404, "not-found");
    }
}

#[tokio::test]
async fn a_twin_is_answered_like_the_first() {
    let doors = Doors::open().await;
    let delivery = delivery(&doors, "a", "b");
    let first = doors.send(posted(DOOR, &delivery)).await;
    let twin = doors.send(posted(DOOR, &delivery)).await;
    assert_eq!((first.status, first.text), (twin.status, twin.text));
    doors.work().await;
    let wanted = DeliveryQuery { limit: 10, ..DeliveryQuery::default() };
    assert_eq!(doors.house.engine.deliveries(&wanted).await.unwrap().len(), 1, "of twins that wait, one is opened");
}

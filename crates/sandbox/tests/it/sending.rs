//! How webhooks are sent: again where they were not taken, and wrongly when told to.

use std::{collections::BTreeSet, time::Duration};

use http::{Method, StatusCode};
use sandbox::{Fault, FaultKind, Faults};
use serde_json::{Value, json};

use crate::{
    client::{ALL, World},
    receiver::{Receiver, SUBSCRIPTIONS},
};

const HOUR: u64 = 3600;

/// A world where a sync on demand brings one new tag and two revised documents.
async fn world() -> (World, Receiver, Faults) {
    let (world, receiver) = (World::new(), Receiver::open().await);
    for (event_type, data_type) in [("create", "enhanced_tag"), ("update", "daily_sleep"), ("update", "sleep")] {
        world.subscribe(&receiver.hook(), event_type, data_type).await;
    }
    world.connect(ALL).await;
    let faults = world.sandbox.faults("oura").unwrap();
    (world, receiver, faults)
}

/// A world where a sync on demand is told by one webhook.
async fn small_world() -> (World, Receiver, Faults) {
    let (world, receiver) = (World::new(), Receiver::open().await);
    world.subscribe(&receiver.hook(), "create", "enhanced_tag").await;
    world.connect(ALL).await;
    let faults = world.sandbox.faults("oura").unwrap();
    (world, receiver, faults)
}

async fn sync(world: &World) -> Value {
    world.sync(&json!({ "delay_seconds": 0 })).await
}

async fn deliveries(world: &World) -> Vec<Value> {
    let told = world.control(Method::GET, "/_control/deliveries?provider=oura", &Value::Null).await.json();
    told["deliveries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_for_an_hour() {
    let (world, receiver, _) = small_world().await;
    receiver.will_answer([500, 401, 404, 429, 503, 500, 500, 500, 500, 500, 500]);
    sync(&world).await;
    for sent in 1..=11_usize {
        receiver.has(sent).await;
        world.until("noted", |webhooks| webhooks.refused == sent as u64).await;
        world.clock.turn(Duration::from_secs(HOUR / 2));
    }
    world.until("given up", |webhooks| webhooks.given_up == 1).await;
    world.clock.turn(Duration::from_secs(24 * HOUR));
    let arrived = receiver.arrived();
    assert_eq!(arrived.len(), 11, "once, and ten times again");
    assert!(arrived.iter().all(|each| *each == arrived[0]), "as it was signed first");
    let told = deliveries(&world).await;
    assert_eq!(
        (&told[0]["state"], &told[0]["tries"], &told[0]["status"]),
        (&json!("given_up"), &json!(11), &json!(500))
    );
    let stats = world.control(Method::GET, "/_control/stats", &Value::Null).await.json();
    let counts = json!({ "sent": 11, "delivered": 0, "retried": 10, "refused": 11, "given_up": 1, "cancelled": 0, "dropped": 0, "forged": 0 });
    assert_eq!(stats["oura"]["webhooks"], counts);
}

#[tokio::test]
async fn a_receiver_that_comes_back_gets_what_it_missed() {
    let (world, receiver, _) = small_world().await;
    receiver.will_answer([503, 503]);
    sync(&world).await;
    receiver.has(1).await;
    world.until("refused", |webhooks| webhooks.refused == 1).await;
    world.clock.turn(Duration::from_secs(10));
    receiver.has(2).await;
    world.until("refused again", |webhooks| webhooks.refused == 2).await;
    world.clock.turn(Duration::from_secs(20));
    receiver.has(3).await;
    world.until("delivered", |webhooks| webhooks.delivered == 1).await;
    assert_eq!(deliveries(&world).await[0]["state"], "delivered");
}

#[tokio::test]
async fn a_redirect_counts_as_taken() {
    let (world, receiver, _) = small_world().await;
    receiver.will_answer([307]);
    sync(&world).await;
    world.until("delivered", |webhooks| webhooks.delivered == 1).await;
    assert_eq!(receiver.arrived().len(), 1);
}

#[tokio::test]
async fn who_answers_too_late_is_asked_again() {
    let (world, receiver, _) = small_world().await;
    receiver.will_answer([0]);
    sync(&world).await;
    receiver.has(1).await;
    world.clock.turn(Duration::from_secs(10));
    world.until("too late", |webhooks| webhooks.refused == 1).await;
    world.clock.turn(Duration::from_secs(10));
    receiver.has(2).await;
}

#[tokio::test]
async fn gone_ends_the_subscription() {
    let (world, receiver, _) = small_world().await;
    receiver.will_answer([410]);
    sync(&world).await;
    world.sync(&Value::Null).await;
    world.until("cancelled", |webhooks| webhooks.cancelled == 1).await;
    let left = world.apply(Method::GET, SUBSCRIPTIONS, &Value::Null).await.json();
    assert_eq!(left, json!([]));
    world.clock.turn(Duration::from_secs(HOUR));
    let states: Vec<_> = deliveries(&world).await.iter().map(|each| each["state"].clone()).collect();
    assert_eq!(states, ["cancelled", "cancelled"], "the one that waited is not sent either");
    assert_eq!(receiver.arrived().len(), 1);
}

#[tokio::test]
async fn a_duplicate_is_the_same_twice() {
    let (world, receiver, faults) = small_world().await;
    faults.inject(Fault::of(FaultKind::DuplicateWebhook));
    sync(&world).await;
    let arrived = receiver.has(2).await;
    assert_eq!(arrived[0], arrived[1]);
    assert_eq!(faults.waiting(), []);
}

#[tokio::test]
async fn a_dropped_webhook_never_comes() {
    let (world, receiver, _) = world().await;
    let order = json!({ "provider": "oura", "kind": "drop_webhook", "path": "/sleep", "times": 5 });
    assert_eq!(world.control(Method::POST, "/_control/faults", &order).await.status, StatusCode::OK);
    sync(&world).await;
    world.until("the others", |webhooks| webhooks.delivered == 2 && webhooks.dropped == 1).await;
    world.clock.turn(Duration::from_secs(24 * HOUR));
    let events: BTreeSet<_> = receiver.arrived().iter().map(|each| each.event()).collect();
    assert!(!events.contains("update sleep"), "{events:?}");
    assert!(deliveries(&world).await.iter().any(|each| each["state"] == "dropped"));
    let waiting = world.control(Method::DELETE, "/_control/faults", &Value::Null).await.json();
    assert_eq!(waiting, json!({ "waiting": [] }));
}

#[tokio::test]
async fn a_forgery_comes_beside_the_real_one() {
    let (world, receiver, faults) = small_world().await;
    faults.inject(Fault::of(FaultKind::ForgeWebhook));
    receiver.will_answer([401, 401]);
    sync(&world).await;
    let mut arrived = receiver.has(2).await;
    arrived.sort_by_key(|each| each.is_signed_with("secret"));
    assert!(!arrived[0].is_signed_with("secret") && arrived[1].is_signed_with("secret"));
    assert_eq!(arrived[0].text, arrived[1].text);
    world.until("refused", |webhooks| webhooks.refused == 2).await;
    world.clock.turn(Duration::from_secs(10));
    receiver.has(3).await;
    world.until("delivered", |webhooks| webhooks.delivered == 1).await;
    assert_eq!(receiver.arrived().iter().filter(|each| !each.is_signed_with("secret")).count(), 1, "forged once");
    let by: BTreeSet<_> = deliveries(&world).await.iter().map(|each| each["by"].to_string()).collect();
    assert_eq!(by, [r#""a stranger""#, r#""the provider""#].map(str::to_owned).into());
}

#[tokio::test]
async fn a_stale_one_is_signed_for_long_before() {
    let (world, receiver, faults) = small_world().await;
    faults.inject(Fault::of(FaultKind::StaleWebhook));
    sync(&world).await;
    let mut arrived = receiver.has(2).await;
    arrived.sort_by_key(|each| each.timestamp);
    assert_eq!(arrived[1].timestamp - arrived[0].timestamp, 2 * 24 * 3600);
    assert!(arrived.iter().all(|each| each.is_signed_with("secret")));
}

#[tokio::test]
async fn a_delayed_one_is_overtaken() {
    let (world, receiver, faults) = world().await;
    faults.inject(Fault::of(FaultKind::DelayWebhook).on("/daily_sleep").seconds(120));
    sync(&world).await;
    receiver.has(2).await;
    world.until("the others", |webhooks| webhooks.delivered == 2).await;
    world.clock.turn(Duration::from_secs(120));
    assert_eq!(receiver.has(3).await[2].event(), "update daily_sleep");
}

#[tokio::test]
async fn the_webhooks_of_a_sync_are_shuffled() {
    let (world, receiver, faults) = world().await;
    let order = async |known: usize| {
        sync(&world).await;
        receiver.has(known + 3).await;
        world.until("all", |webhooks| webhooks.delivered == known as u64 + 3).await;
        let told = deliveries(&world).await;
        told[known..].iter().map(|each| each["notice"]["data_type"].to_string()).collect::<Vec<_>>()
    };
    let usual = order(0).await;
    assert_eq!(order(3).await, usual);
    faults.inject(Fault::of(FaultKind::ShuffleWebhooks));
    let shuffled = order(6).await;
    assert_ne!(shuffled, usual);
    assert_eq!(shuffled.iter().collect::<BTreeSet<_>>(), usual.iter().collect());
}

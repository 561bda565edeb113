//! What is told by webhooks, when and to whom.

use std::{collections::BTreeSet, time::Duration};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    client::{ALL, World},
    receiver::{Receiver, SUBSCRIPTIONS},
};

/// A world whose first person has connected, with an application that subscribes to some events.
async fn telling(scopes: &str, wanted: &[(&str, &str)]) -> (World, Receiver, String) {
    let (world, receiver) = (World::new(), Receiver::open().await);
    for (event_type, data_type) in wanted {
        world.subscribe(&receiver.hook(), event_type, data_type).await;
    }
    let (access, _) = world.connect(scopes).await;
    (world, receiver, access)
}

fn at_once() -> Value {
    json!({ "delay_seconds": 0 })
}

#[tokio::test]
async fn a_sync_is_told_document_by_document() {
    let wanted =
        [("create", "enhanced_tag"), ("update", "daily_sleep"), ("update", "sleep"), ("create", "daily_sleep")];
    let (world, receiver, access) = telling(ALL, &wanted).await;
    let told = world.sync(&at_once()).await;
    assert_eq!(told["webhooks"], 3, "yesterday is revised, a tag is new: {told}");
    let arrived = receiver.has(3).await;
    let events: BTreeSet<_> = arrived.iter().map(|each| each.event()).collect();
    assert_eq!(events, ["create enhanced_tag", "update daily_sleep", "update sleep"].map(str::to_owned).into());
    let account = world.sandbox.account_id("oura").unwrap();
    for webhook in &arrived {
        let json = webhook.json();
        let (data_type, id) = (json["data_type"].as_str().unwrap(), json["object_id"].as_str().unwrap());
        let names: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["event_type", "data_type", "object_id", "event_time", "user_id"]);
        assert_eq!(webhook.text, json.to_string(), "compact");
        assert_eq!((&json["user_id"], &json["event_time"]), (&json!(account), &json!("2026-06-10T15:00:00+00:00")));
        assert!(webhook.is_signed_with("secret"), "{webhook:?}");
        assert_eq!(webhook.timestamp, world.clock.now().as_second());
        let found = world.get(&format!("/oura/v2/usercollection/{data_type}/{id}"), &access).await;
        assert_eq!(found.status, StatusCode::OK, "what is told of can be asked for");
    }
}

#[tokio::test]
async fn webhooks_come_half_a_minute_after_the_sync() {
    let (world, receiver, _) = telling(ALL, &[("create", "enhanced_tag")]).await;
    world.sync(&Value::Null).await;
    world.clock.turn(Duration::from_secs(29));
    tokio::task::yield_now().await;
    assert_eq!(receiver.arrived(), []);
    world.clock.turn(Duration::from_secs(1));
    let arrived = receiver.has(1).await;
    assert_eq!(arrived[0].timestamp, world.clock.now().as_second(), "signed when it is sent");
    assert_eq!(arrived[0].json()["event_time"], "2026-06-10T15:00:00+00:00");
}

#[tokio::test]
async fn the_ring_syncs_by_itself_every_half_hour() {
    let (world, receiver, _) = telling(ALL, &[("update", "daily_activity")]).await;
    for told in 1..=3 {
        world.clock.turn(Duration::from_secs(30 * 60 + 30));
        receiver.has(told).await;
    }
    let arrived = receiver.arrived();
    let object = arrived[0].json()["object_id"].clone();
    assert!(arrived.iter().all(|each| each.json()["object_id"] == object), "the same day grows");
    let times: BTreeSet<_> = arrived.iter().map(|each| each.json()["event_time"].to_string()).collect();
    assert_eq!(times.len(), 3);
}

#[tokio::test]
async fn a_night_is_told_in_the_morning_and_yesterday_revised() {
    let wanted = [("create", "sleep"), ("create", "daily_readiness"), ("update", "daily_readiness")];
    let (world, receiver, access) = telling(ALL, &wanted).await;
    world.clock.turn(Duration::from_secs(20 * 3600));
    let arrived = receiver.has(3).await;
    for event in ["create sleep", "create daily_readiness", "update daily_readiness"] {
        let found = arrived.iter().find(|each| each.event() == event).unwrap_or_else(|| panic!("{event}: {arrived:?}"));
        let json = found.json();
        let (data_type, id) = (json["data_type"].as_str().unwrap(), json["object_id"].as_str().unwrap());
        let document = world.get(&format!("/oura/v2/usercollection/{data_type}/{id}"), &access).await.json();
        let day = if event.starts_with("create") { "2026-06-11" } else { "2026-06-10" };
        assert_eq!(document["day"], day, "{event}");
    }
}

#[tokio::test]
async fn nobody_is_told_of_who_has_not_granted_it() {
    let (world, receiver) = (World::new(), Receiver::open().await);
    for data_type in ["enhanced_tag", "daily_sleep"] {
        for event_type in ["create", "update"] {
            world.subscribe(&receiver.hook(), event_type, data_type).await;
        }
    }
    assert_eq!(world.sync(&at_once()).await["webhooks"], 0, "nobody has connected");
    let (access, _) = world.connect("daily").await;
    assert_eq!(world.sync(&at_once()).await["webhooks"], 1, "only the scope that was granted");
    assert_eq!(receiver.has(1).await[0].event(), "update daily_sleep");
    world.post("/oura/oauth/revoke", &[("access_token", &access)]).await;
    assert_eq!(world.sync(&at_once()).await["webhooks"], 0, "the grant was given back");
}

#[tokio::test]
async fn a_document_that_its_person_deletes_is_gone_and_told() {
    let (world, receiver, access) = telling(ALL, &[("delete", "sleep"), ("create", "sleep")]).await;
    let nights = "/oura/v2/usercollection/sleep?start_date=2026-06-01&end_date=2026-06-09";
    let before = world.get(nights, &access).await.data();
    let id = before[0]["id"].as_str().unwrap();
    let account = world.sandbox.account_id("oura").unwrap();
    let path = format!("/_control/people/{account}/documents/sleep/{id}");
    assert_eq!(world.control(Method::DELETE, &path, &at_once()).await.status, StatusCode::NO_CONTENT);
    let arrived = receiver.has(1).await;
    assert_eq!((arrived[0].event().as_str(), &arrived[0].json()["object_id"]), ("delete sleep", &json!(id)));
    let gone = world.get(&format!("/oura/v2/usercollection/sleep/{id}"), &access).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get(nights, &access).await.data(), before[1..]);
    assert_eq!(world.control(Method::DELETE, &path, &at_once()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.sync(&at_once()).await["webhooks"], 0, "it does not come back");
}

#[tokio::test]
async fn an_expired_or_ended_subscription_tells_nothing() {
    let (world, receiver, _) = telling(ALL, &[("create", "enhanced_tag")]).await;
    let id = world.subscribe(&receiver.hook(), "create", "tag").await;
    world.sync(&Value::Null).await;
    world.apply(Method::DELETE, &format!("{SUBSCRIPTIONS}/{id}"), &Value::Null).await;
    world.clock.turn(Duration::from_secs(91 * 24 * 3600));
    assert_eq!(world.sync(&at_once()).await["webhooks"], 0);
    assert_eq!(world.apply(Method::GET, SUBSCRIPTIONS, &Value::Null).await.json(), json!([]));
    receiver.has(1).await;
    assert_eq!(receiver.arrived()[0].event(), "create enhanced_tag", "what was on its way arrives");
}

#[tokio::test]
async fn life_goes_on_once_somebody_reads() {
    let (world, receiver) = (World::new(), Receiver::open().await);
    world.subscribe(&receiver.hook(), "update", "daily_activity").await;
    world.subscribe(&receiver.hook(), "create", "enhanced_tag").await;
    let every = Duration::from_secs(10);
    let living = tokio::spawn({
        let sandbox = world.sandbox.clone();
        async move { sandbox.live(every).await }
    });
    let (access, _) = world.connect(ALL).await;
    let path = "/oura/v2/usercollection/daily_activity?start_date=2026-06-10T00:00:00&end_date=2026-06-11";
    let steps = async || world.get(path, &access).await.data()[0]["steps"].as_i64().unwrap();
    let mut known = steps().await;
    let mut told = 0;
    for moment in 0..5 {
        tokio::task::yield_now().await;
        world.clock.turn(every);
        // One of the first moments is a sync that was asked for, with news of its own.
        if moment == 2 {
            receiver.has(told + 2).await;
            told += 2;
            continue;
        }
        receiver.has(told + 1).await;
        told += 1;
        let more = steps().await;
        assert!(more >= known + 20, "{more} after {known}");
        known = more;
    }
    let tags = receiver.arrived().iter().filter(|each| each.event() == "create enhanced_tag").count();
    assert_eq!(tags, 1);
    living.abort();
}

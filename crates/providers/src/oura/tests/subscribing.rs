//! What is asked of Oura's subscription API, and what becomes of its answers.

use model::{Operation, Secret};
use url::Url;

use super::{Oura, stub::Stub};
use crate::{Error, NewSubscription, Provider};

const ONE: &str = r#"{"id":"5d3fe17b-f880-4d93-b9b6-afbfb76c1e78","callback_url":"https://us.example/hook","event_type":"delete","data_type":"tag","expiration_time":"2026-04-26T15:00:00.123000"}"#;
const ID: &str = "5d3fe17b-f880-4d93-b9b6-afbfb76c1e78";

fn wanted() -> NewSubscription {
    NewSubscription {
        data_type: "tag".into(),
        operation: Operation::Delete,
        callback_url: Url::parse("https://us.example/hook").unwrap(),
        verification_token: Secret::new("t"),
    }
}

#[tokio::test]
async fn a_subscription_is_made_kept_and_ended_in_the_applications_name() {
    let stub = Stub::answering(&[(201, ONE), (200, ONE), (200, ONE), (204, "")]);
    let oura = Oura::new();
    let made = oura.subscribe(&stub.api, &wanted()).await.unwrap();
    assert_eq!((made.provider_id.as_str(), made.operation, made.data_type.as_str()), (ID, Operation::Delete, "tag"));
    assert_eq!(made.expires_at, "2026-04-26T15:00:00.123Z".parse().ok());
    assert_eq!(oura.renew(&stub.api, ID).await.unwrap(), made);
    assert_eq!(oura.probe(&stub.api, ID, &wanted()).await.unwrap(), made);
    oura.unsubscribe(&stub.api, ID).await.unwrap();
    let path = "/v2/webhook/subscription";
    let asked = [
        format!("POST {path}"),
        format!("PUT {path}/renew/{ID}"),
        format!("PUT {path}/{ID}"),
        format!("DELETE {path}/{ID}"),
    ];
    assert_eq!(stub.asked(), asked);
    for head in stub.heads() {
        assert!(head.contains("x-client-id: app") && head.contains("x-client-secret: s"), "{head}");
        assert!(!head.contains("authorization"), "{head}");
    }
}

#[tokio::test]
async fn the_list_leaves_out_what_we_could_not_have_made() {
    let stub = Stub::answering(&[
        (
            200,
            r#"[{"id":"a","callback_url":"x","event_type":"merge","data_type":"tag"},7,
            {"id":"b","callback_url":"x","event_type":"update","data_type":"meal","expiration_time":"2026-04-26T15:00:00+00:00"}]"#,
        ),
        (200, r#"{"data":[]}"#),
        (401, r#"{"detail":"no"}"#),
    ]);
    let oura = Oura::new();
    let listed = oura.subscriptions(&stub.api).await.unwrap();
    assert_eq!(listed.iter().map(|each| each.provider_id.as_str()).collect::<Vec<_>>(), ["b"]);
    assert!(matches!(oura.subscriptions(&stub.api).await, Err(Error::Malformed(_))));
    assert!(matches!(oura.subscriptions(&stub.api).await, Err(Error::Unauthorized)));
}

#[tokio::test]
async fn an_identity_that_nobody_knows_is_gone() {
    let stub = Stub::answering(&[(403, "{}"), (404, "{}"), (403, "{}"), (404, "{}")]);
    let oura = Oura::new();
    assert!(matches!(oura.renew(&stub.api, ID).await, Err(Error::NotFound)));
    assert!(matches!(oura.probe(&stub.api, ID, &wanted()).await, Err(Error::NotFound)));
    oura.unsubscribe(&stub.api, ID).await.unwrap();
    oura.unsubscribe(&stub.api, ID).await.unwrap();
    assert!(matches!(oura.unsubscribe(&stub.api, "../subscription").await, Err(Error::Malformed(_))));
    assert_eq!(stub.asked().len(), 4, "an odd identity is not asked about");
}

#[tokio::test]
async fn a_refused_subscription_is_not_asked_for_twice() {
    let stub = Stub::answering(&[(409, "{}"), (500, r#"{"detail":"SSLError"}"#), (504, "<html>")]);
    let oura = Oura::new();
    assert!(matches!(oura.subscribe(&stub.api, &wanted()).await, Err(Error::Rejected(409))));
    assert!(matches!(oura.subscribe(&stub.api, &wanted()).await, Err(Error::Unavailable(_))));
    assert!(matches!(oura.subscribe(&stub.api, &wanted()).await, Err(Error::Unavailable(_))));
    assert_eq!(stub.asked().len(), 3);
}

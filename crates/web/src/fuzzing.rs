//! What fuzzers and the replay of their corpus call: the parsers that face the outside, with what must always hold.
#![doc(hidden)]

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use engine::{NewWebhook, ReplayFrom, context};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    api::{
        self, audit, connect, deliveries, disconnect, events, links, records, retention, sharing, status,
        subscriptions, sync, tokens, users,
        webhooks::{self, requests},
    },
    callback::Returned,
    extract, stream,
};

/// Nothing that a request is refused with is longer than this by chance.
const TELLING: usize = 24;

/// A query, at every door that reads one.
pub fn query(data: &[u8]) {
    let Ok(uri) = format!("/?{}", String::from_utf8_lossy(data)).parse::<Uri>() else { return };
    read_query::<audit::TrailQuery>(&uri);
    read_query::<api::context::ContextQuery>(&uri);
    read_query::<deliveries::DeliveriesQuery>(&uri);
    read_query::<disconnect::DisconnectQuery>(&uri);
    read_query::<requests::AttemptsQuery>(&uri);
    read_query::<stream::live::LiveQuery>(&uri);
    read_query::<subscriptions::SubscriptionsQuery>(&uri);
    read_query::<webhooks::Whose>(&uri);
    read_query::<events::EventsQuery>(&uri);
    read_query::<records::RecordsQuery>(&uri);
    read_query::<sync::SyncQuery>(&uri);
    read_query::<users::UsersQuery>(&uri);
    if let Some(wanted) = read_query::<api::Wanted>(&uri) {
        let _ = wanted.filter();
    }
    if let Some(wanted) = read_query::<stream::StreamQuery>(&uri) {
        let _ = wanted.filter();
    }
    // Who comes back from a provider carries what nobody may repeat.
    if let Err(problem) = extract::read_query::<Returned>(&uri) {
        let said = problem.words().1.unwrap_or_default();
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let secrets = pairs.filter(|(name, value)| matches!(&**name, "code" | "state") && value.len() > TELLING);
        secrets.for_each(|(_, secret)| assert!(!said.contains(&*secret)));
    }
}

fn read_query<T: DeserializeOwned>(uri: &Uri) -> Option<T> {
    extract::read_query(uri).ok()
}

/// A body, at every door that reads JSON.
pub fn body(data: &[u8]) {
    read_body::<connect::AuthRequest>(data);
    read_body::<connect::ConfirmRequest>(data);
    read_body::<disconnect::DisconnectRequest>(data);
    read_body::<links::NewLinkRequest>(data);
    read_body::<retention::RetentionChange>(data);
    read_body::<sharing::SharingChange>(data);
    read_body::<status::SettingsRequest>(data);
    read_body::<subscriptions::ReconcileRequest>(data);
    read_body::<tokens::NewTokenRequest>(data);
    read_body::<users::NewUserRequest>(data);
    webhook(data);
    redeem(data);
    let Some(chat) = read_body::<Value>(data) else { return };
    let count = |chat: &Value| chat["messages"].as_array().map(Vec::len);
    match (context::last_human(&chat), context::inject(chat.clone(), "It is told.")) {
        (Ok(_), Ok(told)) => assert!(count(&told) >= count(&chat), "no message is lost"),
        // Only a system message can be such that nothing can be added to it.
        (_, told) => assert!(told.is_err(), "a chat that cannot be read is not written"),
    }
}

/// What is asked of webhooks is taken as it was said.
fn webhook(data: &[u8]) {
    let said: Value = serde_json::from_slice(data).unwrap_or_default();
    if let Some(request) = read_body::<requests::NewWebhookRequest>(data) {
        let wanted = NewWebhook::from(request);
        assert_eq!((said["url"].as_str(), said["after"].as_i64()), (Some(&*wanted.url), wanted.after));
    }
    if let Some(Ok(change)) = read_body::<requests::WebhookRequest>(data).map(requests::WebhookRequest::read) {
        assert_eq!(said["state"].as_str(), change.state.map(model::SinkState::as_str));
    }
    if let Some(Ok(from)) = read_body::<requests::ReplayRequest>(data).map(|request| request.from()) {
        let is_position = matches!(from, ReplayFrom::After(_));
        assert!(said["after"].is_i64() == is_position && said["since"].is_string() != is_position, "one of both");
    }
}

/// A code that was sent is not said again, whatever is wrong beside it.
fn redeem(data: &[u8]) {
    let Err(problem) = extract::parse::<links::RedeemRequest>(data) else { return };
    let said: Value = serde_json::from_slice(data).unwrap_or_default();
    let once = |code: &&str| code.len() > TELLING && String::from_utf8_lossy(data).matches(*code).count() == 1;
    if let Some(code) = said["code"].as_str().filter(once) {
        assert!(!problem.words().1.unwrap_or_default().contains(code));
    }
}

fn read_body<T: DeserializeOwned>(data: &[u8]) -> Option<T> {
    let read = extract::parse::<T>(data);
    assert!(read.is_err() || !data.trim_ascii_start().starts_with(b"["), "a list is no request");
    read.ok()
}

/// A cursor of the records.
pub fn cursor(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(place) = records::read_cursor(&text) {
        let again = records::read_cursor(&records::write_cursor(place));
        assert!(again.is_ok_and(|again| again == place));
    }
}

/// Lines of headers.
pub fn headers(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii())) {
            headers.append(name, value);
        }
    }
    if let Ok(Some(position)) = stream::sse::last_event_id(&headers) {
        let said = headers.get("last-event-id").and_then(|value| value.to_str().ok());
        assert_eq!(said.and_then(|text| text.trim().parse().ok()), Some(position));
    }
    let _ = extract::accepts(&headers, "text/html");
    let _ = stream::token_among_protocols(&headers);
}

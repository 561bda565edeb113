//! `/v2/webhook/subscription`: an application subscribes in its own name.

use std::sync::Arc;

use aws_lc_rs::constant_time;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{
    book::{Subscription, Taken},
    challenge::challenge,
    request::Wanted,
};
use crate::oura::{Oura, errors};

/// The routes of subscriptions.
pub(in super::super) fn routes() -> Router<Arc<Oura>> {
    Router::new()
        .route("/v2/webhook/subscription", get(list).post(create))
        .route("/v2/webhook/subscription/{id}", get(read).put(update).delete(end))
        .route("/v2/webhook/subscription/renew/{id}", put(renew))
}

/// Oura: a bare array.
async fn list(State(oura): State<Arc<Oura>>, headers: HeaderMap) -> Response {
    if let Err(refusal) = authorise(&oura, &headers) {
        return refusal;
    }
    let all = oura.subscriptions.all(oura.clock.now());
    Json(all.iter().map(Subscription::told).collect::<Vec<Value>>()).into_response()
}

async fn create(State(oura): State<Arc<Oura>>, headers: HeaderMap, body: Bytes) -> Response {
    let made = async {
        authorise(&oura, &headers)?;
        let wanted = Wanted::read(&body, true)?;
        let (Some(url), Some(event), Some(data)) = (wanted.callback_url, wanted.event_type, wanted.data_type) else {
            return Err(errors::unprocessable(Vec::new()));
        };
        if oura.subscriptions.of(event, data, oura.clock.now()).is_some() {
            return Err(taken(Taken));
        }
        challenge(&oura, &url, &wanted.verification_token).await?;
        let (id, now) = (oura.new_id(), oura.clock.now());
        let new = Subscription::new(id, url.to_string(), event, data, now);
        oura.subscriptions.keep(new.clone(), now).map_err(taken)?;
        Ok(new)
    };
    answer(made.await, StatusCode::CREATED)
}

async fn read(State(oura): State<Arc<Oura>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(found(&oura, &id, &headers), StatusCode::OK)
}

/// Whether Oura challenges the address again is a guess; a client that is ready for it loses nothing.
async fn update(State(oura): State<Arc<Oura>>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let changed = async {
        authorise(&oura, &headers)?;
        let wanted = Wanted::read(&body, false)?;
        let mut subscription = known(&oura, &id)?;
        subscription.event_type = wanted.event_type.unwrap_or(subscription.event_type);
        subscription.data_type = wanted.data_type.unwrap_or(subscription.data_type);
        let url = wanted.callback_url.or_else(|| subscription.callback_url.parse().ok()).ok_or_else(unknown)?;
        subscription.callback_url = url.to_string();
        challenge(&oura, &url, &wanted.verification_token).await?;
        known(&oura, &id)?;
        oura.subscriptions.keep(subscription.clone(), oura.clock.now()).map_err(taken)?;
        Ok(subscription)
    };
    answer(changed.await, StatusCode::OK)
}

async fn renew(State(oura): State<Arc<Oura>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let renewed = match authorise(&oura, &headers) {
        Ok(()) => oura.subscriptions.renew(&id, oura.clock.now()).ok_or_else(unknown),
        Err(refusal) => Err(refusal),
    };
    answer(renewed, StatusCode::OK)
}

async fn end(State(oura): State<Arc<Oura>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match authorise(&oura, &headers) {
        Ok(()) if oura.unsubscribe(&id) => StatusCode::NO_CONTENT.into_response(),
        Ok(()) => unknown(),
        Err(refusal) => refusal,
    }
}

#[expect(clippy::result_large_err, reason = "the refusal is the answer")]
fn found(oura: &Oura, id: &str, headers: &HeaderMap) -> Result<Subscription, Response> {
    authorise(oura, headers)?;
    known(oura, id)
}

fn answer(done: Result<Subscription, Response>, status: StatusCode) -> Response {
    match done {
        Ok(subscription) => (status, Json(subscription.told())).into_response(),
        Err(refusal) => refusal,
    }
}

/// Oura: the application shows its own name and secret, and no token.
#[expect(clippy::result_large_err, reason = "the refusal is the answer")]
fn authorise(oura: &Oura, headers: &HeaderMap) -> Result<(), Response> {
    let shown = |name: &str| headers.get(name).map(|value| value.as_bytes()).unwrap_or_default();
    let good = oura.client.as_ref().is_some_and(|client| {
        let secret = client.client_secret.expose().as_bytes();
        shown("x-client-id") == client.client_id.as_bytes()
            && constant_time::verify_slices_are_equal(secret, shown("x-client-secret")).is_ok()
    });
    good.then_some(()).ok_or_else(|| errors::problem(StatusCode::UNAUTHORIZED, "The client id or secret is wrong."))
}

#[expect(clippy::result_large_err, reason = "the refusal is the answer")]
fn known(oura: &Oura, id: &str) -> Result<Subscription, Response> {
    oura.subscriptions.find(id, oura.clock.now()).ok_or_else(unknown)
}

/// Oura's specification answers 403 here; clients have written 404 down.
fn unknown() -> Response {
    errors::detail(StatusCode::FORBIDDEN, "Webhook with specified id does not exist.")
}

fn taken(_: Taken) -> Response {
    errors::detail(StatusCode::CONFLICT, "There is a webhook for this data type and event type already.")
}

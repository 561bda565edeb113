//! The routes that turn the clock, make trouble and tell what was asked.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use http::StatusCode;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{Fault, Faults, Sandbox};

/// The control routes, for all providers at once.
pub(crate) fn routes(sandbox: Sandbox) -> Router {
    Router::new()
        .route("/stats", get(stats))
        .route("/faults", post(make_trouble).delete(end_trouble))
        .route("/clock", get(read_clock).post(turn_clock))
        .route("/people", get(people))
        .route("/people/{account_id}/sync", post(sync))
        .route("/people/{account_id}/documents/{collection}/{document_id}", delete(remove))
        .route("/deliveries", get(deliveries))
        .with_state(sandbox)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    advance_seconds: u64,
}

async fn read_clock(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({ "now": sandbox.clock().now().to_string() }))
}

async fn turn_clock(State(sandbox): State<Sandbox>, body: String) -> Response {
    match parse::<Turn>(&body) {
        Ok(turn) => {
            sandbox.clock().turn(Duration::from_secs(turn.advance_seconds));
            read_clock(State(sandbox)).await.into_response()
        }
        Err(refusal) => refusal,
    }
}

async fn stats(State(sandbox): State<Sandbox>) -> Json<Value> {
    let stats = |room: &crate::Room| (room.stand_in.id().to_owned(), json!(room.faults.stats()));
    Json(Value::Object(sandbox.rooms().iter().map(stats).collect()))
}

async fn people(State(sandbox): State<Sandbox>) -> Json<Value> {
    let people: Vec<_> = sandbox.rooms().iter().flat_map(|room| room.stand_in.people()).collect();
    Json(json!({ "people": people }))
}

/// How long it takes until webhooks tell of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
    delay_seconds: u64,
}

/// An empty body leaves the delay as it usually is.
#[expect(clippy::result_large_err, reason = "the refusal is the answer")]
fn delay(body: &str) -> Result<Duration, Response> {
    const USUAL: Delay = Delay { delay_seconds: 30 };
    let said = if body.trim().is_empty() { None } else { parse::<Option<Delay>>(body)? };
    Ok(Duration::from_secs(said.unwrap_or(USUAL).delay_seconds))
}

async fn sync(State(sandbox): State<Sandbox>, Path(account_id): Path<String>, body: String) -> Response {
    let delay = match delay(&body) {
        Ok(delay) => delay,
        Err(refusal) => return refusal,
    };
    let told = sandbox.rooms().iter().find_map(|room| room.stand_in.sync(&account_id, delay));
    told.map_or_else(|| unknown("person"), |told| Json(told).into_response())
}

async fn remove(
    State(sandbox): State<Sandbox>,
    Path((account_id, collection, document_id)): Path<(String, String, String)>,
    body: String,
) -> Response {
    let delay = match delay(&body) {
        Ok(delay) => delay,
        Err(refusal) => return refusal,
    };
    let mut rooms = sandbox.rooms().iter();
    let removed = rooms.any(|room| room.stand_in.remove(&account_id, &collection, &document_id, delay));
    if removed { StatusCode::NO_CONTENT.into_response() } else { unknown("document") }
}

/// Which webhooks to tell of.
#[derive(Deserialize)]
struct Which {
    provider: Option<String>,
    limit: Option<usize>,
}

async fn deliveries(State(sandbox): State<Sandbox>, Query(which): Query<Which>) -> Json<Value> {
    let limit = which.limit.unwrap_or(1000);
    let asked = |room: &&crate::Room| which.provider.as_ref().is_none_or(|id| id == room.stand_in.id());
    let told = sandbox.rooms().iter().filter(asked).flat_map(|room| {
        let provider = room.stand_in.id();
        room.stand_in.outbox().latest(limit).into_iter().map(move |told| {
            let mut told = json!(told);
            told["provider"] = provider.into();
            told
        })
    });
    Json(json!({ "deliveries": told.collect::<Vec<_>>() }))
}

/// A fault, and what can be set along with it.
#[derive(Deserialize)]
struct Order {
    provider: Option<String>,
    page_size: Option<usize>,
    refresh_grace_seconds: Option<u64>,
    rate_limit: Option<u32>,
    #[serde(flatten)]
    fault: Map<String, Value>,
}

async fn make_trouble(State(sandbox): State<Sandbox>, body: String) -> Response {
    match parse::<Order>(&body) {
        Ok(order) => match order.provider.clone() {
            Some(provider) => obey(&sandbox, &provider, order),
            None => refuse("\"provider\" is missing"),
        },
        Err(refusal) => refusal,
    }
}

fn obey(sandbox: &Sandbox, provider: &str, order: Order) -> Response {
    let Some(faults) = sandbox.faults(provider) else { return unknown("provider") };
    let fault = match fault(provider, order.fault) {
        Ok(fault) => fault,
        Err(problem) => return refuse(&problem),
    };
    if let Some(rows) = order.page_size {
        faults.set_page_size(rows);
    }
    if let Some(seconds) = order.refresh_grace_seconds {
        faults.set_refresh_grace(Duration::from_secs(seconds));
    }
    if let Some(requests) = order.rate_limit {
        faults.set_rate_limit(requests);
    }
    if let Some(fault) = fault {
        faults.inject(fault);
    }
    waiting(&faults)
}

fn waiting(faults: &Faults) -> Response {
    Json(json!({ "waiting": faults.waiting() })).into_response()
}

/// The fault of an order, its path as the provider itself sees it.
fn fault(provider: &str, order: Map<String, Value>) -> Result<Option<Fault>, String> {
    if order.is_empty() {
        return Ok(None);
    }
    let mut fault: Fault = serde_json::from_value(Value::Object(order)).map_err(|problem| problem.to_string())?;
    if let Some(path) = fault.path.strip_prefix(&format!("/{provider}")) {
        fault.path = path.to_owned();
    }
    Ok(Some(fault))
}

async fn end_trouble(State(sandbox): State<Sandbox>) -> Json<Value> {
    sandbox.rooms().iter().for_each(|room| room.faults.clear());
    Json(json!({ "waiting": [] }))
}

#[expect(clippy::result_large_err, reason = "the refusal is the answer")]
fn parse<T: DeserializeOwned>(body: &str) -> Result<T, Response> {
    serde_json::from_str(body).map_err(|problem| refuse(&problem.to_string()))
}

fn refuse(problem: &str) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": problem }))).into_response()
}

fn unknown(what: &str) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "detail": format!("no such {what}") }))).into_response()
}

//! `Idempotency-Key`: a POST that is repeated with the same key is answered as before.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, Request, State as Extract},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use engine::Once;

use crate::{
    State,
    auth::Caller,
    problem::{Problem, ProblemId},
};

const LONGEST_KEY: usize = 200;
const MOST_BYTES: usize = 1024 * 1024;

/// Carries a request out once for each key of its caller.
pub(crate) async fn once(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    let key = request.headers().get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    match key {
        Some(key) if request.method() == Method::POST => {
            carry_out(&state, &key, request, next).await.unwrap_or_else(IntoResponse::into_response)
        }
        _ => next.run(request).await,
    }
}

async fn carry_out(state: &State, key: &str, request: Request, next: Next) -> Result<Response, Problem> {
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(Problem::invalid("Idempotency-Key", format!("has 1 to {LONGEST_KEY} characters")));
    }
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, state).await?;
    let body = to_bytes(body, MOST_BYTES).await.map_err(|_| ProblemId::TooLarge.problem())?;
    let said = [parts.uri.to_string().as_bytes(), b"\n", &body].concat();
    let once = Once::new(caller.user().id, caller.principal().to_string(), key, &said);
    if let Some((status, body)) = state.engine.answered(&once).await? {
        return Ok(again(status, body));
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (head, body) = response.into_parts();
    let body: Bytes = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    state.engine.keep_answer(&once, head.status.as_u16(), &body).await?;
    Ok(Response::from_parts(head, Body::from(body)))
}

fn again(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let json = HeaderValue::from_static("application/json");
    let replayed = HeaderValue::from_static("true");
    let headers = [(header::CONTENT_TYPE, json), (header::HeaderName::from_static("idempotency-replayed"), replayed)];
    (status, headers, body).into_response()
}

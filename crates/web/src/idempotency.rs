//! `Idempotency-Key`: a POST that is repeated with the same key is answered as before.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, Request, State as Extract},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use engine::Once;
use tracing::Instrument;

use crate::{
    State,
    auth::Caller,
    problem::{Problem, ProblemId},
};

const LONGEST_KEY: usize = 200;
const MOST_BYTES: usize = 1024 * 1024;
/// An answer may say the request again, and more.
const MOST_ANSWERED: usize = 4 * MOST_BYTES;

/// Carries a request out once for each key of its caller.
pub(crate) async fn once(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    match request.headers().get("idempotency-key").cloned() {
        Some(key) if request.method() == Method::POST => {
            // In a task of its own: a caller that goes away comes back for the answer.
            let engine = state.engine.clone();
            let work = async move { carry_out(&state, &key, request, next).await };
            let carried = engine.run_to_end(work.in_current_span()).await;
            let broken = |_| Err(ProblemId::Internal.problem());
            carried.unwrap_or_else(broken).unwrap_or_else(IntoResponse::into_response)
        }
        _ => next.run(request).await,
    }
}

async fn carry_out(state: &State, key: &HeaderValue, request: Request, next: Next) -> Result<Response, Problem> {
    let key = key.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    let refused = || Problem::invalid("Idempotency-Key", format!("has 1 to {LONGEST_KEY} characters of ASCII"));
    let key = key.ok_or_else(refused)?;
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
    let read = to_bytes(body, MOST_ANSWERED).await;
    let body: Bytes = read.map_err(|_| ProblemId::TooLarge.because("the answer cannot be kept: send no key"))?;
    state.engine.keep_answer(&once, head.status.as_u16(), &body).await?;
    Ok(Response::from_parts(head, Body::from(body)))
}

/// The doors that take keys answer JSON, and no header that matters once more.
fn again(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let json = HeaderValue::from_static("application/json");
    let replayed = HeaderValue::from_static("true");
    let headers = [(header::CONTENT_TYPE, json), (header::HeaderName::from_static("idempotency-replayed"), replayed)];
    (status, headers, body).into_response()
}

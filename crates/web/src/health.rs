//! Whether this process lives, and whether it can do its work.

use axum::{Json as Answer, extract::State as Extract, http::StatusCode, response::IntoResponse};
use serde_json::json;

use crate::State;

/// It lives.
pub(crate) async fn alive() -> impl IntoResponse {
    Answer(json!({ "status": "alive" }))
}

/// It can do its work, or what it lacks.
pub(crate) async fn ready(Extract(state): Extract<State>) -> impl IntoResponse {
    let readiness = state.engine.readiness().await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Answer(readiness))
}

//! Whether this process lives, and whether it can do its work.

use axum::{Json as Answer, extract::State as Extract, http::StatusCode, response::IntoResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::State;

/// A process that lives.
#[derive(Serialize, ToSchema)]
pub(crate) struct AliveAnswer {
    /// `alive`.
    status: &'static str,
}

/// What was looked at.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the engine's own type makes")]
pub(crate) struct ReadyAnswer {
    ready: bool,
    checks: Vec<CheckAnswer>,
}

/// One thing that was looked at.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the engine's own type makes")]
pub(crate) struct CheckAnswer {
    name: String,
    ok: bool,
    /// Whether the process is unready when this is not well.
    required: bool,
    detail: String,
}

/// It lives.
#[utoipa::path(get, path = "/health", operation_id = "read_health", tag = "operations", security(()),
    responses((status = 200, body = AliveAnswer)))]
pub(crate) async fn alive() -> impl IntoResponse {
    Answer(AliveAnswer { status: "alive" })
}

/// It can do its work, or what it lacks.
#[utoipa::path(get, path = "/ready", operation_id = "read_readiness", tag = "operations", security(()),
    responses((status = 200, body = ReadyAnswer), (status = 503, body = ReadyAnswer, description = "Something that is required is not well")))]
pub(crate) async fn ready(Extract(state): Extract<State>) -> impl IntoResponse {
    let readiness = state.engine.readiness().await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Answer(readiness))
}

//! Asking for newer data.

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{Asked, Outcome, SyncRequest};
use model::JobId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Subject;
use crate::{
    State,
    auth::{ConnectionsWrite, For},
    declared::{Also, Problems},
    extract::Query,
    problem::Problem,
};

/// Which days of which collections to bring.
#[derive(Deserialize, IntoParams)]
pub(crate) struct SyncQuery {
    /// Days back from today, 1 to 90.
    #[serde(default = "a_week")]
    #[param(minimum = 1, maximum = 90, default = 7)]
    days: u32,
    /// A collection, or `all`.
    #[serde(default = "all", rename = "type")]
    #[param(default = "all")]
    collection: String,
    /// Whether to wait for what it brings.
    #[serde(default)]
    wait: bool,
}

fn a_week() -> u32 {
    7
}

fn all() -> String {
    "all".to_owned()
}

/// A sync that was queued.
#[derive(Serialize, ToSchema)]
pub(crate) struct SyncQueued {
    #[schema(value_type = String)]
    job_id: JobId,
    /// Ask there how far it is; as `text/event-stream` it tells by itself.
    progress_url: String,
}

/// What a sync brought.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the engine's own type makes")]
pub(crate) struct SyncAnswer {
    success: bool,
    /// Records of each collection, and under `errors` what could not be read.
    #[schema(value_type = Object, additional_properties)]
    synced: Value,
    period: PeriodAnswer,
}

/// Days from the first to the last, both included.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer")]
pub(crate) struct PeriodAnswer {
    #[schema(format = Date)]
    start: String,
    #[schema(format = Date)]
    end: String,
    days: u32,
}

/// Asks for newer data.
#[utoipa::path(post, path = "/api/v1/integrations/{provider}/sync", operation_id = "sync_integration", tag = "integrations",
    params(("provider" = String, Path), SyncQuery, Subject),
    responses((status = 200, body = SyncAnswer, description = "With `wait=true`"), (status = 202, body = SyncQueued),
        Problems, Also<502>))]
pub(crate) async fn ask(
    Extract(state): Extract<State>,
    subject: For<ConnectionsWrite>,
    Path(provider): Path<String>,
    Query(query): Query<SyncQuery>,
) -> Result<Response, Problem> {
    let request = SyncRequest { days: query.days, collection: query.collection, wait: query.wait };
    match state.engine.ask_sync(&subject.actor(), subject.user, &provider, &request).await? {
        Asked::Done(outcome) => Ok(Answer::<Outcome>(outcome).into_response()),
        Asked::Queued(job_id) => {
            let progress_url = state.settings.public_url.join(&format!("/api/v1/jobs/{job_id}"));
            let progress_url = progress_url.map(String::from).unwrap_or_default();
            Ok((StatusCode::ACCEPTED, Answer(SyncQueued { job_id, progress_url })).into_response())
        }
    }
}

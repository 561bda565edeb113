//! How long a person's records are kept.

use axum::{Json as Answer, extract::State as Extract};
use engine::RecordRetention;
use model::Action;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    State,
    auth::{ConnectionsRead, ConnectionsWrite, For},
    declared::Problems,
    extract::Json,
    problem::Problem,
};

use super::Subject;

/// How long records are kept.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the engine's own type makes")]
pub(crate) struct RetentionAnswer {
    /// The person's own wish. Null: as long as the server keeps records.
    #[schema(required, nullable)]
    days: Option<u32>,
    /// The server's rule. Null: it keeps records for good. The stricter of the two counts.
    #[schema(required, nullable)]
    server_days: Option<u32>,
    /// Records of earlier days are removed. Null: all are kept.
    #[schema(required, nullable, format = Date)]
    keep_from: Option<String>,
}

/// A wish.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionChange {
    /// Days after which records are removed. Null: as long as the server keeps them.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, nullable, minimum = 1, maximum = 36500)]
    days: Option<u32>,
}

/// How long records are kept.
#[utoipa::path(get, path = "/api/v1/retention", operation_id = "read_retention", tag = "records", params(Subject),
    responses((status = 200, body = RetentionAnswer), Problems))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    subject: For<ConnectionsRead>,
) -> Result<Answer<RecordRetention>, Problem> {
    state.engine.note_read(&subject.actor(), subject.user, Action::StatusRead).await?;
    Ok(Answer(state.engine.retention(subject.user).await?))
}

/// Sets how long records are kept. What is older is removed within minutes, and does not come back by itself.
#[utoipa::path(patch, path = "/api/v1/retention", operation_id = "change_retention", tag = "records", params(Subject),
    request_body = RetentionChange, responses((status = 200, body = RetentionAnswer), Problems))]
pub(crate) async fn change(
    Extract(state): Extract<State>,
    subject: For<ConnectionsWrite>,
    Json(change): Json<RetentionChange>,
) -> Result<Answer<RecordRetention>, Problem> {
    Ok(Answer(state.engine.set_retention(&subject.actor(), subject.user, change.days).await?))
}

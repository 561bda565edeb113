//! How providers fare, and what is changed of them.

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
};
use engine::Status;
use model::Action;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    Subject,
    sharing::{SharingChange, Switches},
};
use crate::{
    State,
    auth::{ConnectionsRead, For, SharingWrite},
    declared::Problems,
    extract::Json,
    problem::Problem,
};

/// How all providers fare.
#[utoipa::path(get, path = "/api/v1/integrations", operation_id = "list_integrations", tag = "integrations", params(Subject),
    responses((status = 200, body = StatusesAnswer), Problems))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    subject: For<ConnectionsRead>,
) -> Result<Answer<Value>, Problem> {
    state.engine.note_read(&subject.actor(), subject.user, Action::StatusRead).await?;
    let statuses: Vec<_> = state.engine.statuses(subject.user).await?.into_iter().map(shown).collect();
    Ok(Answer(json!({ "integrations": statuses })))
}

/// How one provider fares.
#[utoipa::path(get, path = "/api/v1/integrations/{provider}/status", operation_id = "read_integration", tag = "integrations",
    params(("provider" = String, Path), Subject),
    responses((status = 200, body = StatusAnswer), Problems))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    subject: For<ConnectionsRead>,
    Path(provider): Path<String>,
) -> Result<Answer<Value>, Problem> {
    state.engine.note_read(&subject.actor(), subject.user, Action::StatusRead).await?;
    Ok(Answer(shown(state.engine.status(subject.user, &provider).await?)))
}

/// The state of a connection, with the switches of sharing as the API shows them everywhere.
pub(super) fn shown(status: Status) -> Value {
    let sharing = Switches::of(&status.sharing);
    let mut value = serde_json::to_value(&status).unwrap_or_default();
    value["sharing"] = serde_json::to_value(sharing).unwrap_or_default();
    value
}

/// The state of all connections.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer")]
pub(crate) struct StatusesAnswer {
    integrations: Vec<StatusAnswer>,
}

/// The state of a connection.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the engine's own type makes")]
pub(crate) struct StatusAnswer {
    provider: String,
    name: String,
    connected: bool,
    /// `not_connected`, `pending` (waits to be confirmed), `active` or `needs_consent`.
    state: String,
    /// Why consent is needed: `refused` or `outcome_lost`.
    #[schema(required, nullable)]
    reason: Option<String>,
    #[schema(required, nullable)]
    connection_id: Option<String>,
    /// The account at the provider: `id` and, where it is known, `label`.
    #[schema(required, nullable, value_type = Object)]
    account: Option<Value>,
    /// Null when the provider did not say what it granted.
    #[schema(required, nullable)]
    scopes_granted: Option<Vec<String>>,
    scopes_missing: Vec<String>,
    #[schema(required, nullable, format = DateTime)]
    connected_at: Option<String>,
    #[schema(required, nullable, format = DateTime)]
    last_sync_at: Option<String>,
    #[schema(required, nullable, format = DateTime)]
    token_expires_at: Option<String>,
    #[schema(required, nullable)]
    last_error: Option<String>,
    /// Records of each collection.
    #[schema(value_type = Object, additional_properties)]
    counts: Value,
    /// For each collection: `from`, `to`, known `gaps`, its last success and error.
    #[schema(value_type = Object, additional_properties)]
    coverage: Value,
    sharing: Switches,
    /// What the person agreed to, when, and in which words.
    #[schema(required, nullable, value_type = Object)]
    consent: Option<Value>,
    /// The last syncs, the newest first.
    #[schema(value_type = Vec<Object>)]
    syncs: Value,
    /// How it learns of what is new: `how` (`webhooks`, `polling`, or `silent` when asking has brought
    /// something that it was not told of), the same in `words`, `last_notice_at` and `silent_since`.
    #[schema(required, nullable, value_type = Object)]
    listening: Option<Value>,
}

/// What to change of an integration.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsRequest {
    /// Whether anything is shared at all: the switch `everything`.
    enabled: Option<bool>,
    sharing: Option<SharingChange>,
}

/// Changes what is shared, and shows how the provider fares.
#[utoipa::path(patch, path = "/api/v1/integrations/{provider}", operation_id = "change_integration", tag = "integrations",
    params(("provider" = String, Path), Subject), request_body = SettingsRequest,
    responses((status = 200, body = StatusAnswer), Problems))]
pub(crate) async fn change(
    Extract(state): Extract<State>,
    subject: For<SharingWrite>,
    Path(provider): Path<String>,
    Json(request): Json<SettingsRequest>,
) -> Result<Answer<Value>, Problem> {
    state.engine.provider(&provider)?;
    let mut change = request.sharing.unwrap_or_default();
    change.everything = request.enabled.or(change.everything);
    change.apply(&state, &subject.actor(), subject.user).await?;
    Ok(Answer(shown(state.engine.status(subject.user, &provider).await?)))
}

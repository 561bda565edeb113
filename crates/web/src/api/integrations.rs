//! Connecting, watching, syncing and disconnecting a provider.

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{Asked, Begin, Confirm, Disconnected, Outcome, Revocation, Status, SyncRequest};
use jiff::Timestamp;
use model::{Action, ConnectionId, JobId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{
    State,
    api::sharing::{SharingChange, Switches},
    auth::{ConnectionsRead, ConnectionsWrite, For, SharingWrite},
    extract::{Json, Optional, Query},
    problem::{Problem, Problems},
};

/// How long a person's way to the provider and back may take, and where it begins.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthAnswer {
    /// Send the person there.
    redirect_url: String,
    /// Until then they must be back.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// What the person consents to.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthRequest {
    /// Kinds of records, or topics for all their kinds. None: all that is offered.
    #[serde(default)]
    kinds: Vec<String>,
}

/// Begins to connect a provider; the person's consent is part of the request.
#[utoipa::path(post, path = "/api/v1/integrations/{provider}/auth", operation_id = "begin_to_connect", tag = "integrations",
    params(("provider" = String, Path), Subject), request_body = Option<AuthRequest>,
    responses((status = 200, body = AuthAnswer), Problems))]
pub(crate) async fn begin(
    Extract(state): Extract<State>,
    subject: For<ConnectionsWrite>,
    Path(provider): Path<String>,
    Optional(request): Optional<AuthRequest>,
) -> Result<Answer<AuthAnswer>, Problem> {
    let begin = Begin {
        user: subject.user,
        actor: subject.actor(),
        principal: subject.caller.principal(),
        provider,
        kinds: request.kinds,
        link: None,
    };
    let begun = state.engine.begin(begin).await?;
    Ok(Answer(AuthAnswer { redirect_url: begun.redirect_url.into(), expires_at: begun.expires_at }))
}

/// Whose data it is about: a service token names the person.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the permission extractor; here for the documentation")]
pub(crate) struct Subject {
    /// Our id or the app's own (`external_id`). Service tokens must name it; others may only name themselves.
    #[param(nullable = false)]
    user_id: Option<String>,
}

/// How all providers fare.
#[utoipa::path(get, path = "/api/v1/integrations", operation_id = "list_integrations", tag = "integrations", params(Subject),
    responses((status = 200, body = StatusesAnswer), Problems))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    subject: For<ConnectionsRead>,
) -> Result<Answer<Value>, Problem> {
    state.engine.note_read(&subject.actor(), subject.user, Action::StatusRead).await?;
    let statuses: Vec<_> = state.engine.statuses(subject.user).await?.into_iter().map(show).collect();
    Ok(Answer(json!({ "integrations": statuses })))
}

/// How one provider fares.
#[utoipa::path(get, path = "/api/v1/integrations/{provider}/status", operation_id = "read_integration", tag = "integrations",
    params(("provider" = String, Path), Subject),
    responses((status = 200, body = StatusAnswer), Problems))]
pub(crate) async fn status(
    Extract(state): Extract<State>,
    subject: For<ConnectionsRead>,
    Path(provider): Path<String>,
) -> Result<Answer<Value>, Problem> {
    state.engine.note_read(&subject.actor(), subject.user, Action::StatusRead).await?;
    Ok(Answer(show(state.engine.status(subject.user, &provider).await?)))
}

/// The state of a connection, with the switches of sharing as the API shows them everywhere.
fn show(status: Status) -> Value {
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
    /// `not_connected`, `active` or `needs_consent`.
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
}

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
        Problems))]
pub(crate) async fn sync(
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

/// What becomes of the records.
#[derive(Default, Deserialize, IntoParams)]
pub(crate) struct DisconnectQuery {
    /// Keeps the records; otherwise they and their key are destroyed.
    #[param(nullable = false)]
    preserve_data: Option<bool>,
}

/// The same in a body.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisconnectRequest {
    preserve_data: Option<bool>,
}

/// What disconnecting did.
#[derive(Serialize, ToSchema)]
pub(crate) struct DisconnectAnswer {
    disconnected: bool,
    /// Whether the grant was ended at the provider too: `done`, `failed`, `account_in_use` or `nothing_to_revoke`.
    #[schema(value_type = String)]
    revocation: Revocation,
    data_preserved: bool,
    records_erased: usize,
}

/// Disconnects: ends the grant at the provider, destroys the tokens and, unless they are kept, the records.
#[utoipa::path(delete, path = "/api/v1/integrations/{provider}", operation_id = "disconnect_integration", tag = "integrations",
    params(("provider" = String, Path), DisconnectQuery, Subject),
    responses((status = 200, body = DisconnectAnswer), Problems))]
pub(crate) async fn delete(
    Extract(state): Extract<State>,
    subject: For<ConnectionsWrite>,
    Path(provider): Path<String>,
    Query(query): Query<DisconnectQuery>,
) -> Result<Answer<DisconnectAnswer>, Problem> {
    disconnect(&state, &subject, &provider, query.preserve_data.unwrap_or(false)).await
}

/// Disconnects, for clients that cannot send DELETE.
#[utoipa::path(post, path = "/api/v1/integrations/{provider}/disconnect", operation_id = "disconnect_integration_by_post", tag = "integrations",
    params(("provider" = String, Path), DisconnectQuery, Subject), request_body = Option<DisconnectRequest>,
    responses((status = 200, body = DisconnectAnswer), Problems))]
pub(crate) async fn post_disconnect(
    Extract(state): Extract<State>,
    subject: For<ConnectionsWrite>,
    Path(provider): Path<String>,
    Query(query): Query<DisconnectQuery>,
    Optional(request): Optional<DisconnectRequest>,
) -> Result<Answer<DisconnectAnswer>, Problem> {
    let preserve = query.preserve_data.or(request.preserve_data).unwrap_or(false);
    disconnect(&state, &subject, &provider, preserve).await
}

async fn disconnect(
    state: &State,
    subject: &For<ConnectionsWrite>,
    provider: &str,
    preserve: bool,
) -> Result<Answer<DisconnectAnswer>, Problem> {
    let done: Disconnected = state.engine.disconnect(&subject.actor(), subject.user, provider, preserve).await?;
    Ok(Answer(DisconnectAnswer {
        disconnected: true,
        revocation: done.revocation,
        data_preserved: done.data_preserved,
        records_erased: done.records_erased,
    }))
}

/// What to change of an integration.
#[derive(Deserialize, ToSchema)]
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
    Ok(Answer(show(state.engine.status(subject.user, &provider).await?)))
}

/// Which connection to confirm, and what becomes of the one in its place.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ConfirmRequest {
    #[schema(value_type = String, format = Uuid)]
    connection_id: ConnectionId,
    /// Whether the records of the account that is replaced are kept.
    #[serde(default)]
    preserve_data: bool,
}

/// Replaces the connected account by the one that was just authorised.
#[utoipa::path(post, path = "/api/v1/integrations/{provider}/confirm", operation_id = "confirm_replacement", tag = "integrations",
    params(("provider" = String, Path), Subject), request_body = ConfirmRequest,
    responses((status = 200, body = StatusAnswer), Problems))]
pub(crate) async fn confirm(
    Extract(state): Extract<State>,
    subject: For<ConnectionsWrite>,
    Path(provider): Path<String>,
    Json(request): Json<ConfirmRequest>,
) -> Result<Answer<Value>, Problem> {
    let confirm = Confirm {
        user: subject.user,
        actor: subject.actor(),
        connection: request.connection_id,
        replace_preserving: Some(request.preserve_data),
    };
    state.engine.confirm(confirm).await?;
    Ok(Answer(show(state.engine.status(subject.user, &provider).await?)))
}

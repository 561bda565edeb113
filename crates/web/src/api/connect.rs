//! Beginning to connect a provider, and confirming that one account takes another's place.

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
};
use engine::{Begin, Confirm};
use jiff::Timestamp;
use model::ConnectionId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Subject,
    status::{StatusAnswer, shown},
};
use crate::{
    State,
    auth::{ConnectionsWrite, For},
    declared::Problems,
    extract::{Json, Optional},
    problem::Problem,
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
    /// Kinds of records, or topics for all their kinds. Left out: all that is offered; an empty list is no consent.
    #[schema(min_items = 1)]
    kinds: Option<Vec<String>>,
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
    if request.kinds.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::invalid("kinds", "consent to at least one kind, or leave it out for all"));
    }
    let begin = Begin {
        user: subject.user,
        actor: subject.actor(),
        principal: subject.caller.principal(),
        provider,
        kinds: request.kinds.unwrap_or_default(),
        link: None,
    };
    let begun = state.engine.begin(begin).await?;
    Ok(Answer(AuthAnswer { redirect_url: begun.redirect_url.into(), expires_at: begun.expires_at }))
}

/// Which connection to confirm, and what becomes of the one in its place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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
    Ok(Answer(shown(state.engine.status(subject.user, &provider).await?)))
}

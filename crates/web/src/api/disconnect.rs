//! Disconnecting a provider.

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
};
use engine::{Disconnected, Revocation};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Subject;
use crate::{
    State,
    auth::{ConnectionsWrite, For},
    declared::{Also, Problems},
    extract::{Optional, Query},
    problem::Problem,
};

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
    responses((status = 200, body = DisconnectAnswer), Problems, Also<409>))]
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
pub(crate) async fn post(
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

//! The door for what providers send by themselves. Whose it is is told by its signature alone.

use std::mem;

use axum::{
    Json as Answer,
    extract::{Path, RawQuery, Request, State as Extract},
    http::{Method, Uri},
};
use engine::Received;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    State,
    declared::{Also, Problems},
    extract::read_up_to,
    problem::Problem,
};

/// What a provider is told of a delivery that is kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeptAnswer {}

/// Whether a request comes to this door.
pub(crate) fn is_door(_: &Method, uri: &Uri) -> bool {
    let provider = uri.path().strip_prefix("/api/v1/integrations/").and_then(|rest| rest.strip_suffix("/webhook"));
    provider.is_some_and(|provider| !provider.contains('/'))
}

/// Takes in a delivery.
///
/// It is signed in the provider's own way and answered once it is durable; whatever is rightly signed and not too old is
/// taken.
#[utoipa::path(post, path = "/api/v1/integrations/{provider}/webhook", operation_id = "receive_delivery", tag = "deliveries",
    security(()), params(("provider" = String, Path)), request_body(content = Value, description = "As the provider sends it."),
    responses((status = 200, body = KeptAnswer), Problems, Also<401>))]
pub(crate) async fn receive(
    Extract(state): Extract<State>,
    Path(provider): Path<String>,
    mut request: Request,
) -> Result<Answer<KeptAnswer>, Problem> {
    let most = state.engine.most_delivered(&provider)?;
    let headers = mem::take(request.headers_mut());
    let body = read_up_to(most, request).await?;
    state.engine.accept(&provider, Received { headers: &headers, body: &body }).await?;
    Ok(Answer(KeptAnswer {}))
}

/// Answers a provider that makes sure that this address is ours. The query is the provider's own.
#[utoipa::path(get, path = "/api/v1/integrations/{provider}/webhook", operation_id = "answer_challenge", tag = "deliveries",
    security(()), params(("provider" = String, Path)),
    responses((status = 200, body = Value, description = "What the provider expects"), Problems, Also<401>))]
pub(crate) async fn answer(
    Extract(state): Extract<State>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Answer<Value>, Problem> {
    Ok(Answer(state.engine.answer_challenge(&provider, query.as_deref().unwrap_or_default())?))
}

//! What providers are asked to send us by themselves, for administrators and programs that watch over this server.

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
    http::StatusCode,
};
use engine::{Listening, Subscription};
use jiff::Timestamp;
use model::{ListeningState, Operation, SubscriptionId, SubscriptionState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    State,
    auth::{Staff, SubscriptionsRead, SubscriptionsWrite},
    declared::{Also, Problems},
    extract::{Optional, Query},
    problem::{Problem, ProblemId},
};

use super::words;

/// Something that a provider is asked to send us.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscriptionAnswer {
    #[schema(value_type = String, format = Uuid)]
    id: SubscriptionId,
    provider: String,
    /// What the provider calls the collection.
    data_type: String,
    #[schema(schema_with = words::operation)]
    operation: Operation,
    callback_url: String,
    /// `active`; `failed` when what was asked last was not done; `taken` when somebody else's is in its place.
    #[schema(schema_with = words::subscription_state)]
    state: SubscriptionState,
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    renewed_at: Option<Timestamp>,
    /// When the provider last said that it has it.
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    checked_at: Option<Timestamp>,
    #[schema(required, nullable)]
    last_error: Option<String>,
    /// When it is tried again.
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    retry_at: Option<Timestamp>,
}

impl From<Subscription> for SubscriptionAnswer {
    fn from(subscription: Subscription) -> Self {
        Self {
            id: subscription.id,
            provider: subscription.key.provider,
            data_type: subscription.key.data_type,
            operation: subscription.key.operation,
            callback_url: subscription.key.callback_url,
            state: subscription.state,
            expires_at: subscription.expires_at,
            renewed_at: subscription.renewed_at,
            checked_at: subscription.checked_at,
            last_error: subscription.last_error,
            retry_at: subscription.retry_at,
        }
    }
}

/// Whether a provider tells of changes by itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListeningAnswer {
    provider: String,
    /// `active`, `partial` or `failed`: how much of what is wanted it tells of. `idle` while nobody is connected, `polling`
    /// where the settings say so, `unreachable` where it cannot reach this server, `unsupported` where it tells of nothing.
    #[schema(schema_with = words::listening_state)]
    state: ListeningState,
    /// What keeps it from more.
    #[schema(required, nullable)]
    why: Option<String>,
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// When what it has was last compared with what is wanted.
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    reconciled_at: Option<Timestamp>,
    /// When it last made sure of this server's address because of somebody's silence.
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    probed_at: Option<Timestamp>,
    /// Active connections.
    connections: i64,
    /// Those of them that are not told of what is new: asking has brought it.
    silent: i64,
}

impl From<Listening> for ListeningAnswer {
    fn from(listening: Listening) -> Self {
        Self {
            provider: listening.provider,
            state: listening.state,
            why: listening.why,
            since: listening.since,
            reconciled_at: listening.reconciled_at,
            probed_at: listening.probed_at,
            connections: listening.connections,
            silent: listening.silent,
        }
    }
}

/// Of which provider.
#[derive(Deserialize, IntoParams)]
pub(crate) struct SubscriptionsQuery {
    /// All of them when it is left out.
    #[param(nullable = false)]
    provider: Option<String>,
}

/// What providers are asked to send, and whether they do.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscriptionsAnswer {
    subscriptions: Vec<SubscriptionAnswer>,
    /// For each provider.
    listening: Vec<ListeningAnswer>,
}

/// What providers are asked to send by themselves.
#[utoipa::path(get, path = "/api/v1/subscriptions", operation_id = "list_subscriptions", tag = "deliveries",
    params(SubscriptionsQuery), responses((status = 200, body = SubscriptionsAnswer), Problems, Also<404>))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    _staff: Staff<SubscriptionsRead>,
    Query(query): Query<SubscriptionsQuery>,
) -> Result<Answer<SubscriptionsAnswer>, Problem> {
    let mut answer = SubscriptionsAnswer { subscriptions: Vec::new(), listening: Vec::new() };
    for provider in named(&state, query.provider)? {
        answer.subscriptions.extend(state.engine.subscriptions(&provider).await?.into_iter().map(Into::into));
        answer.listening.push(state.engine.listening(&provider).await?.into());
    }
    Ok(Answer(answer))
}

/// What to compare with what is wanted.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReconcileRequest {
    /// All that can tell of changes when it is left out.
    provider: Option<String>,
    /// Whether the provider is to make sure of this server's address for each, too.
    probe: bool,
}

/// How each provider stood when it was asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReconcileAnswer {
    listening: Vec<ListeningAnswer>,
}

/// Has what a provider sends compared with what is wanted, soon.
///
/// What lacks is made, what ends is renewed, what is not wanted is ended. Other people's subscriptions are left alone.
#[utoipa::path(post, path = "/api/v1/subscriptions/reconcile", operation_id = "reconcile_subscriptions", tag = "deliveries",
    request_body = Option<ReconcileRequest>, responses((status = 202, body = ReconcileAnswer), Problems, Also<404>))]
pub(crate) async fn reconcile(
    Extract(state): Extract<State>,
    _staff: Staff<SubscriptionsWrite>,
    Optional(request): Optional<ReconcileRequest>,
) -> Result<(StatusCode, Answer<ReconcileAnswer>), Problem> {
    let all = request.provider.is_none();
    let mut listening = Vec::new();
    for provider in named(&state, request.provider)? {
        let tells = state.engine.provider(&provider)?.manifest().webhooks.is_some();
        if tells || !all {
            listening.push(state.engine.ask_reconcile(&provider, request.probe).await?.into());
        }
    }
    Ok((StatusCode::ACCEPTED, Answer(ReconcileAnswer { listening })))
}

/// Has what is wanted subscribed to: does the same as `/api/v1/subscriptions/reconcile`.
#[utoipa::path(post, path = "/api/v1/subscriptions", operation_id = "create_subscriptions", tag = "deliveries",
    request_body = Option<ReconcileRequest>, responses((status = 202, body = ReconcileAnswer), Problems, Also<404>))]
pub(crate) async fn create(
    state: Extract<State>,
    staff: Staff<SubscriptionsWrite>,
    request: Optional<ReconcileRequest>,
) -> Result<(StatusCode, Answer<ReconcileAnswer>), Problem> {
    reconcile(state, staff, request).await
}

/// Renews a subscription now, however long it has still to go.
#[utoipa::path(post, path = "/api/v1/subscriptions/{subscription}/renew", operation_id = "renew_subscription",
    tag = "deliveries", params(("subscription" = String, Path)),
    responses((status = 200, body = SubscriptionAnswer), Problems, Also<502>))]
pub(crate) async fn renew(
    Extract(state): Extract<State>,
    staff: Staff<SubscriptionsWrite>,
    Path(subscription): Path<String>,
) -> Result<Answer<SubscriptionAnswer>, Problem> {
    let (engine, actor) = (state.engine.clone(), staff.actor());
    let id = id(&subscription)?;
    let renewed = state.engine.run_to_end(async move { engine.renew_subscription(&actor, id).await }).await;
    Ok(Answer(renewed.map_err(|_| ProblemId::Internal.problem())??.into()))
}

/// Ends a subscription.
///
/// What is still wanted is made again the next time that it is compared with what there is: at the latest after half a day.
#[utoipa::path(delete, path = "/api/v1/subscriptions/{subscription}", operation_id = "end_subscription", tag = "deliveries",
    params(("subscription" = String, Path)), responses((status = 204), Problems, Also<502>))]
pub(crate) async fn end(
    Extract(state): Extract<State>,
    staff: Staff<SubscriptionsWrite>,
    Path(subscription): Path<String>,
) -> Result<StatusCode, Problem> {
    let (engine, actor) = (state.engine.clone(), staff.actor());
    let id = id(&subscription)?;
    let ended = state.engine.run_to_end(async move { engine.end_subscription(&actor, id).await }).await;
    ended.map_err(|_| ProblemId::Internal.problem())??;
    Ok(StatusCode::NO_CONTENT)
}

fn id(text: &str) -> Result<SubscriptionId, Problem> {
    text.parse().map_err(|_| ProblemId::NotFound.because("there is no such subscription"))
}

/// The provider that is named, or all.
fn named(state: &State, provider: Option<String>) -> Result<Vec<String>, Problem> {
    match provider {
        Some(provider) => Ok(vec![state.engine.provider(&provider)?.manifest().id.clone()]),
        None => Ok(state.engine.providers().map(|configured| configured.manifest().id.clone()).collect()),
    }
}

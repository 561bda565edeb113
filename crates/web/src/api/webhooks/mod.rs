//! Webhooks: addresses that events are sent to, by the Standard Webhooks specification.

mod answers;
pub(crate) mod requests;

use axum::{
    Json as Answer,
    extract::{FromRequestParts, Path, State as Extract},
    http::{StatusCode, request::Parts},
};
use model::{Action, Actor, Audience, SinkId};
use serde::Deserialize;
use utoipa::IntoParams;

use self::{
    answers::{AttemptAnswer, AttemptsAnswer, NewWebhookAnswer, TestAnswer, WebhookAnswer, WebhooksAnswer},
    requests::{AttemptsQuery, NewWebhookRequest, ReplayRequest, WebhookRequest},
};
use super::paging;
use crate::{
    State,
    auth::{Caller, For, WebhooksWrite, require_scope},
    declared::{Also, Problems},
    extract::{Json, Query},
    problem::{Problem, ProblemId},
};

const MOST_ATTEMPTS: i64 = 500;

/// Whose events are sent.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// Our id or the app's own (`external_id`). A service token that names nobody means webhooks for everybody; others
    /// may only name themselves.
    #[param(nullable = false)]
    user_id: Option<String>,
}

/// The webhooks that a caller may see and change: a person's own, or for a service token also those for everybody.
pub(crate) struct Shelf {
    audience: Audience,
    caller: Caller,
}

impl Shelf {
    fn actor(&self) -> Actor {
        self.caller.actor()
    }

    /// A program that looks at what a person has set up is on record.
    async fn note(&self, state: &State) -> Result<(), Problem> {
        match self.audience {
            Audience::Person(user) => Ok(state.engine.note_read(&self.actor(), user, Action::StatusRead).await?),
            Audience::Everybody => Ok(()),
        }
    }
}

impl FromRequestParts<State> for Shelf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        require_scope::<WebhooksWrite>(&caller)?;
        let Query(Whose { user_id }) = Query::from_request_parts(parts, state).await?;
        let audience = match (caller.only_reaches(), user_id.as_deref()) {
            (None, None) => Audience::Everybody,
            (_, named) => Audience::Person(For::<WebhooksWrite>::whom(state, &caller, named).await?),
        };
        Ok(Self { audience, caller })
    }
}

/// Lists webhooks.
#[utoipa::path(get, path = "/api/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks", params(Whose),
    responses((status = 200, body = WebhooksAnswer), Problems))]
pub(crate) async fn list(Extract(state): Extract<State>, shelf: Shelf) -> Result<Answer<WebhooksAnswer>, Problem> {
    shelf.note(&state).await?;
    let webhooks = state.engine.webhooks(shelf.audience).await?;
    Ok(Answer(WebhooksAnswer { webhooks: webhooks.into_iter().map(Into::into).collect() }))
}

/// Makes a webhook.
///
/// It is told of what happens from now on, in the order of each person's log and at least once, as far as the person's
/// switches allow, and the switches of the token that makes it, which needs `records:read` as well. It ends with that
/// token.
#[utoipa::path(post, path = "/api/v1/webhooks", operation_id = "create_webhook", tag = "webhooks", params(Whose),
    request_body = NewWebhookRequest,
    responses((status = 201, body = NewWebhookAnswer), Problems))]
pub(crate) async fn create(
    Extract(state): Extract<State>,
    shelf: Shelf,
    Json(request): Json<NewWebhookRequest>,
) -> Result<(StatusCode, Answer<NewWebhookAnswer>), Problem> {
    let made = state.engine.create_webhook(&shelf.actor(), shelf.audience, &request.into()).await?;
    Ok((StatusCode::CREATED, Answer(NewWebhookAnswer::of(made))))
}

/// Tells of one webhook.
#[utoipa::path(get, path = "/api/v1/webhooks/{webhook}", operation_id = "show_webhook", tag = "webhooks",
    params(("webhook" = String, Path), Whose),
    responses((status = 200, body = WebhookAnswer), Problems))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    shelf: Shelf,
    Path(webhook): Path<String>,
) -> Result<Answer<WebhookAnswer>, Problem> {
    shelf.note(&state).await?;
    Ok(Answer(state.engine.webhook(shelf.audience, read_id(&webhook)?).await?.into()))
}

/// Changes a webhook.
///
/// `active` turns it on again: it goes on from where it stood, at once. A token that does this, or changes the address, is
/// the one that the webhook ends with from then on, and needs `records:read` as well.
#[utoipa::path(patch, path = "/api/v1/webhooks/{webhook}", operation_id = "change_webhook", tag = "webhooks",
    params(("webhook" = String, Path), Whose), request_body = WebhookRequest,
    responses((status = 200, body = WebhookAnswer), Problems))]
pub(crate) async fn change(
    Extract(state): Extract<State>,
    shelf: Shelf,
    Path(webhook): Path<String>,
    Json(request): Json<WebhookRequest>,
) -> Result<Answer<WebhookAnswer>, Problem> {
    let (id, change) = (read_id(&webhook)?, request.read()?);
    Ok(Answer(state.engine.change_webhook(&shelf.actor(), shelf.audience, id, &change).await?.into()))
}

/// Deletes a webhook.
#[utoipa::path(delete, path = "/api/v1/webhooks/{webhook}", operation_id = "delete_webhook", tag = "webhooks",
    params(("webhook" = String, Path), Whose),
    responses((status = 204), Problems))]
pub(crate) async fn delete(
    Extract(state): Extract<State>,
    shelf: Shelf,
    Path(webhook): Path<String>,
) -> Result<StatusCode, Problem> {
    state.engine.delete_webhook(&shelf.actor(), shelf.audience, read_id(&webhook)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a webhook a new signing secret. The one before signs as well for a day.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/rotate", operation_id = "rotate_webhook", tag = "webhooks",
    params(("webhook" = String, Path), Whose),
    responses((status = 200, body = NewWebhookAnswer), Problems))]
pub(crate) async fn rotate(
    Extract(state): Extract<State>,
    shelf: Shelf,
    Path(webhook): Path<String>,
) -> Result<Answer<NewWebhookAnswer>, Problem> {
    let rotated = state.engine.rotate_webhook(&shelf.actor(), shelf.audience, read_id(&webhook)?).await?;
    Ok(Answer(NewWebhookAnswer::of(rotated)))
}

/// Sends events again, under the ids that they had: after a position in one person's log, or from an instant on.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/replay", operation_id = "replay_webhook", tag = "webhooks",
    params(("webhook" = String, Path), Whose), request_body = ReplayRequest,
    responses((status = 202, body = WebhookAnswer), Problems, Also<410>))]
pub(crate) async fn replay(
    Extract(state): Extract<State>,
    shelf: Shelf,
    Path(webhook): Path<String>,
    Json(request): Json<ReplayRequest>,
) -> Result<(StatusCode, Answer<WebhookAnswer>), Problem> {
    let (id, from) = (read_id(&webhook)?, request.from()?);
    let user = match (shelf.audience, &request.user_id) {
        (_, None) => None,
        (Audience::Everybody, Some(named)) => {
            let found = state.engine.find_user(named).await?;
            Some(found.ok_or_else(|| ProblemId::NotFound.because("there is no such user"))?.id)
        }
        (Audience::Person(_), Some(_)) => {
            return Err(Problem::invalid("user_id", "is for webhooks for everybody"));
        }
    };
    let replayed = state.engine.replay_webhook(&shelf.actor(), shelf.audience, id, user, from).await?;
    Ok((StatusCode::ACCEPTED, Answer(replayed.into())))
}

/// Sends a signed message that tells of nothing, and says what came back.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/test", operation_id = "test_webhook", tag = "webhooks",
    params(("webhook" = String, Path), Whose),
    responses((status = 200, body = TestAnswer), Problems))]
pub(crate) async fn test(
    Extract(state): Extract<State>,
    shelf: Shelf,
    Path(webhook): Path<String>,
) -> Result<Answer<TestAnswer>, Problem> {
    Ok(Answer(state.engine.test_webhook(shelf.audience, read_id(&webhook)?).await?.into()))
}

/// What came of a webhook's messages in the last seven days, the newest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{webhook}/attempts", operation_id = "list_webhook_attempts", tag = "webhooks",
    params(("webhook" = String, Path), AttemptsQuery, Whose),
    responses((status = 200, body = AttemptsAnswer), Problems))]
pub(crate) async fn attempts(
    Extract(state): Extract<State>,
    shelf: Shelf,
    Path(webhook): Path<String>,
    Query(query): Query<AttemptsQuery>,
) -> Result<Answer<AttemptsAnswer>, Problem> {
    let limit = paging::limit(query.limit, MOST_ATTEMPTS)?;
    shelf.note(&state).await?;
    let attempts = state.engine.webhook_attempts(shelf.audience, read_id(&webhook)?, limit).await?;
    Ok(Answer(AttemptsAnswer { attempts: attempts.into_iter().map(AttemptAnswer::from).collect() }))
}

fn read_id(text: &str) -> Result<SinkId, Problem> {
    text.parse().map_err(|_| ProblemId::NotFound.because("there is no such webhook"))
}

//! What is told of webhooks.

use engine::{Tested, Webhook, WebhookAttempt};
use jiff::Timestamp;
use model::{Kind, Secret, SinkId, SinkReason, SinkState, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::words;

/// A webhook without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookAnswer {
    #[schema(value_type = String)]
    id: SinkId,
    name: String,
    url: String,
    /// None: all kinds.
    #[schema(schema_with = words::kinds)]
    kinds: Vec<Kind>,
    /// None: all providers.
    providers: Vec<String>,
    #[schema(schema_with = words::sink_state)]
    state: SinkState,
    /// Why it is disabled: `asked`, `gone` (the receiver answered 410), `failing` (nothing but failures for five days)
    /// or `token_ended` (the token that it ends with is revoked or has expired).
    #[schema(required, nullable, value_type = Option<String>)]
    disabled_reason: Option<SinkReason>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    last_success_at: Option<Timestamp>,
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    last_failure_at: Option<Timestamp>,
    /// Since when nothing was taken.
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    #[schema(required, nullable)]
    last_error: Option<String>,
    /// How many events it is behind, those included that it is not told of.
    lag: i64,
}

impl From<Webhook> for WebhookAnswer {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            name: webhook.name,
            url: webhook.url,
            kinds: webhook.kinds,
            providers: webhook.providers,
            state: webhook.state,
            disabled_reason: webhook.reason,
            created_at: webhook.created_at,
            last_success_at: webhook.last_success_at,
            last_failure_at: webhook.last_failure_at,
            failing_since: webhook.failing_since,
            last_error: webhook.last_error,
            lag: webhook.lag,
        }
    }
}

/// Webhooks, the oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhooksAnswer {
    pub(super) webhooks: Vec<WebhookAnswer>,
}

/// A webhook that was made, or whose secret was changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewWebhookAnswer {
    #[serde(flatten)]
    webhook: WebhookAnswer,
    /// Shown this once: `whsec_` and the base64 of what signs.
    secret: String,
}

impl NewWebhookAnswer {
    pub(super) fn of((webhook, secret): (Webhook, Secret)) -> Self {
        Self { webhook: webhook.into(), secret: secret.expose().to_owned() }
    }
}

/// What came of a message that tells of nothing.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestAnswer {
    message_id: String,
    /// Whether it was answered with a status of success.
    delivered: bool,
    /// The status of the answer, where there was one.
    #[schema(required, nullable)]
    status: Option<u16>,
    #[schema(required, nullable)]
    error: Option<String>,
    milliseconds: i64,
}

impl From<Tested> for TestAnswer {
    fn from(tested: Tested) -> Self {
        Self {
            message_id: tested.message_id,
            delivered: tested.taken,
            status: tested.status,
            error: tested.error,
            milliseconds: tested.millis,
        }
    }
}

/// What came of a message once.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttemptAnswer {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whose event it was.
    #[schema(value_type = String)]
    user_id: UserId,
    message_id: String,
    /// The status of the answer, where there was one.
    #[schema(required, nullable)]
    status: Option<u16>,
    /// None: it was taken.
    #[schema(required, nullable)]
    error: Option<String>,
    milliseconds: i64,
}

impl From<WebhookAttempt> for AttemptAnswer {
    fn from(attempt: WebhookAttempt) -> Self {
        Self {
            at: attempt.at,
            user_id: attempt.user_id,
            message_id: attempt.message_id,
            status: attempt.status,
            error: attempt.error,
            milliseconds: attempt.millis,
        }
    }
}

/// What came of a webhook's messages.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttemptsAnswer {
    pub(super) attempts: Vec<AttemptAnswer>,
}

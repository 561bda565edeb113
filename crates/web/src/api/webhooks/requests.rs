//! What is asked of webhooks.

use engine::{NewWebhook, ReplayFrom, WebhookChange};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::super::words;
use crate::problem::Problem;

/// A webhook to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhookRequest {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// A public https address; hosts in this server's own network only where its operator allows them.
    #[schema(max_length = 2000)]
    url: String,
    /// None: all kinds.
    #[serde(default)]
    #[schema(schema_with = words::kinds)]
    kinds: Vec<String>,
    /// None: all providers.
    #[serde(default)]
    providers: Vec<String>,
    /// The position after which it begins; 0 for all that is kept. Without it, it begins with what happens from now on.
    #[schema(minimum = 0)]
    after: Option<i64>,
}

impl From<NewWebhookRequest> for NewWebhook {
    fn from(request: NewWebhookRequest) -> Self {
        let NewWebhookRequest { name, url, kinds, providers, after } = request;
        Self { name, url, kinds, providers, after }
    }
}

/// What is to be changed; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookRequest {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[schema(max_length = 2000)]
    url: Option<String>,
    #[schema(schema_with = words::kinds)]
    kinds: Option<Vec<String>>,
    providers: Option<Vec<String>>,
    #[schema(schema_with = words::sink_state)]
    state: Option<String>,
}

impl WebhookRequest {
    pub(crate) fn read(self) -> Result<WebhookChange, Problem> {
        let state = self.state.as_deref().map(str::parse).transpose();
        let state = state.map_err(|unknown: model::UnknownWord| Problem::invalid("state", unknown.to_string()))?;
        let Self { name, url, kinds, providers, .. } = self;
        Ok(WebhookChange { name, url, kinds, providers, state })
    }
}

/// From where on events are sent again: one of `after` and `since`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// The position of the last event that is not sent again.
    #[schema(minimum = 0)]
    after: Option<i64>,
    /// Events from this instant on, as far back as they are kept.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Of a webhook for everybody: whose events. With `after` it must be named.
    pub(super) user_id: Option<String>,
}

impl ReplayRequest {
    pub(crate) fn from(&self) -> Result<ReplayFrom, Problem> {
        match (self.after, &self.since) {
            (Some(position), None) => Ok(ReplayFrom::After(position)),
            (None, Some(since)) => since
                .parse::<Timestamp>()
                .map(ReplayFrom::Since)
                .map_err(|_| Problem::invalid("since", "is not an instant, such as 2026-01-26T08:00:00Z")),
            _ => Err(Problem::invalid("after", "or since says from where on, and not both")),
        }
    }
}

/// How many to tell.
#[derive(Deserialize, IntoParams)]
pub(crate) struct AttemptsQuery {
    /// 1 to 500.
    #[param(nullable = false, minimum = 1, maximum = 500, default = 100)]
    pub(super) limit: Option<i64>,
}

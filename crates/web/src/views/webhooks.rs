//! Addresses that a person has their events sent to.

use askama::Template;
use model::{Secret, SinkId};

use super::{Moment, Page};

/// The page of outgoing webhooks.
#[derive(Template)]
#[template(path = "webhooks.html")]
pub(crate) struct Webhooks {
    pub(crate) page: Page,
    pub(crate) rows: Vec<WebhookRow>,
    /// One that was just made, or whose secret was just changed.
    pub(crate) created: Option<NewSecret>,
    pub(crate) form: WebhookForm,
}

/// A signing secret that is shown this once.
#[derive(Clone, Debug)]
pub(crate) struct NewSecret {
    pub(crate) name: String,
    pub(crate) secret: Secret,
    /// Whether the one before it still signs as well.
    pub(crate) rotated: bool,
}

impl NewSecret {
    /// The secret's text: this page alone shows it.
    pub(crate) fn text(&self) -> &str {
        self.secret.expose()
    }
}

/// One address.
#[derive(Clone, Debug)]
pub(crate) struct WebhookRow {
    pub(crate) id: SinkId,
    pub(crate) name: String,
    pub(crate) url: String,
    /// What is sent, in words.
    pub(crate) what: String,
    /// The state's mark.
    pub(crate) mark: &'static str,
    /// How it fares, in words.
    pub(crate) words: String,
    pub(crate) active: bool,
    pub(crate) attempts: Vec<AttemptLine>,
}

/// One try to send.
#[derive(Clone, Debug)]
pub(crate) struct AttemptLine {
    pub(crate) at: Moment,
    pub(crate) words: String,
    pub(crate) failed: bool,
}

/// A new address as it was typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct WebhookForm {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) problem: Option<String>,
}

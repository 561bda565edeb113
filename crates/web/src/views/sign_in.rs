//! Signing in.

use askama::Template;

use super::{Moment, Page};

/// The page that asks who one is.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignIn {
    pub(crate) page: Page,
    /// What was typed before, so that it need not be typed again.
    pub(crate) email: String,
    /// The path to go to afterwards.
    pub(crate) return_to: String,
    pub(crate) refusal: Option<Refusal>,
    /// Nobody has an account yet: the command with which an operator adds the first person.
    pub(crate) first_run: Option<String>,
}

/// Why a person was not let in.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// The e-mail address or the password is wrong: which one is not said.
    Wrong,
    /// Too many attempts.
    Locked { until: Moment },
}

impl SignIn {
    /// Whether the fields are marked as wrong.
    pub(crate) fn is_wrong(&self) -> bool {
        matches!(self.refusal, Some(Refusal::Wrong))
    }
}

//! Signing in.

use askama::Template;

use super::{Moment, Page};

/// The page that asks who one is.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    pub page: Page,
    /// What was typed before, so that it need not be typed again.
    pub email: String,
    /// The path to go to afterwards.
    pub return_to: String,
    pub refusal: Option<Refusal>,
    /// Nobody has an account yet: the operator is told how to add one.
    pub first_run: bool,
}

/// Why a person was not let in.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The e-mail address or the password is wrong: which one is not said.
    Wrong,
    /// Too many attempts.
    Locked { until: Moment },
}

impl SignIn {
    /// Whether the fields are marked as wrong.
    pub fn is_wrong(&self) -> bool {
        matches!(self.refusal, Some(Refusal::Wrong))
    }
}

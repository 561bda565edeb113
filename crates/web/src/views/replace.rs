//! The question whether another account takes the place of the one connected.

use askama::Template;

use super::{Moment, Page, connections::Loss};

/// The page that asks before accounts are exchanged.
#[derive(Template)]
#[template(path = "replace.html")]
pub struct Replace {
    pub page: Page,
    /// The provider's name.
    pub provider: String,
    /// The account that is connected, as its owner knows it.
    pub current: String,
    pub since: Moment,
    /// The account that was just authorised.
    pub other: String,
    /// What erasing would destroy.
    pub loss: Loss,
    /// Where the form is sent.
    pub action: String,
    /// Where "Keep …" leads.
    pub cancel: String,
}

//! The question whether another account takes the place of the one connected.

use askama::Template;

use super::{Moment, Page, connections::Loss};

/// The page that asks before accounts are exchanged.
#[derive(Template)]
#[template(path = "replace.html")]
pub(crate) struct Replace {
    pub(crate) page: Page,
    /// The provider's name.
    pub(crate) provider: String,
    /// The account that is connected, as its owner knows it.
    pub(crate) current: String,
    pub(crate) since: Moment,
    /// The account that was just authorised.
    pub(crate) other: String,
    /// What erasing would destroy.
    pub(crate) loss: Loss,
    /// Where the form is sent.
    pub(crate) action: String,
}

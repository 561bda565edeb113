//! The pages behind a connect link, for people who have no account here.

use askama::Template;

use super::{Asking, Moment, Page};

/// What a person sees who follows a connect link.
#[derive(Template)]
#[template(path = "link.html")]
pub(crate) struct LinkPage {
    pub(crate) page: Page,
    /// The app that made the link.
    pub(crate) app_name: String,
    /// Who will receive the data.
    pub(crate) recipient: String,
    pub(crate) expires: Moment,
    /// Where a choice is sent: following the link changes nothing, choosing does.
    pub(crate) action: String,
    /// To choose from, where nothing is chosen yet.
    pub(crate) providers: Vec<LinkProvider>,
    /// What is asked, once a provider is chosen.
    pub(crate) asking: Option<Asking>,
    /// Where "No, take me back" leads.
    pub(crate) cancel: String,
}

/// A provider that a connect link offers.
#[derive(Clone, Debug)]
pub(crate) struct LinkProvider {
    /// The word that is sent.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) about: String,
}

/// The page of a link that leads nowhere any more.
#[derive(Template)]
#[template(path = "dead_link.html")]
pub(crate) struct DeadLink {
    pub(crate) page: Page,
    /// The app that made the link, where it is known.
    pub(crate) app_name: Option<String>,
    pub(crate) why: WhyDead,
}

/// Why a link leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhyDead {
    Expired,
    Used,
    Unknown,
}

impl WhyDead {
    /// What happened, as a heading.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Expired => "This link has expired",
            Self::Used => "This link has been used",
            Self::Unknown => "This link leads nowhere",
        }
    }

    /// What happened, in a sentence.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Expired => "A connect link works for ten minutes.",
            Self::Used => "A connect link works once.",
            Self::Unknown => "It may be incomplete: part of it can get lost when it is copied.",
        }
    }
}

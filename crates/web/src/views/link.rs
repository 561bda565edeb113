//! The pages behind a connect link, for people who have no account here.

use askama::Template;

use super::{Asking, Moment, Page};

/// What a person sees who follows a connect link.
#[derive(Template)]
#[template(path = "link.html")]
pub struct LinkPage {
    pub page: Page,
    /// The app that made the link.
    pub app_name: String,
    /// Who will receive the data.
    pub recipient: String,
    pub expires: Moment,
    /// To choose from, where nothing is chosen yet.
    pub providers: Vec<LinkProvider>,
    /// What is asked, once a provider is chosen.
    pub asking: Option<Asking>,
    /// Where "No, take me back" leads.
    pub cancel: String,
}

/// A provider that a connect link offers.
#[derive(Clone, Debug)]
pub struct LinkProvider {
    pub name: String,
    pub about: String,
    pub href: String,
}

/// The page of a link that leads nowhere any more.
#[derive(Template)]
#[template(path = "dead_link.html")]
pub struct DeadLink {
    pub page: Page,
    /// The app that made the link, where it is known.
    pub app_name: Option<String>,
    pub why: WhyDead,
}

/// Why a link leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyDead {
    Expired,
    Used,
    Unknown,
}

impl WhyDead {
    /// What happened, as a heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Expired => "This link has expired",
            Self::Used => "This link has been used",
            Self::Unknown => "This link leads nowhere",
        }
    }

    /// What happened, in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Expired => "A connect link works for ten minutes.",
            Self::Used => "A connect link works once.",
            Self::Unknown => "It may be incomplete: part of it can get lost when it is copied.",
        }
    }
}

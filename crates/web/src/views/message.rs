//! A clear message: what happened, what is safe, what to do.

use askama::Template;

use super::Page;

/// The page for errors and dead ends.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct Message {
    pub(crate) page: Page,
    pub(crate) heading: String,
    /// What happened.
    pub(crate) happened: String,
    /// What is safe.
    pub(crate) safe: Option<String>,
    /// What to do.
    pub(crate) advice: Option<String>,
    pub(crate) way: Option<Way>,
    /// What an operator needs to find it in the log.
    pub(crate) request_id: Option<String>,
}

/// A link and its words.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) href: String,
    pub(crate) words: String,
}

impl Way {
    /// A link and its words.
    pub(crate) fn new(href: impl Into<String>, words: impl Into<String>) -> Self {
        Self { href: href.into(), words: words.into() }
    }
}

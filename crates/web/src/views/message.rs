//! A clear message: what happened, what is safe, what to do.

use askama::Template;

use super::Page;

/// The page for errors and dead ends.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message {
    pub page: Page,
    pub heading: String,
    /// What happened.
    pub happened: String,
    /// What is safe.
    pub safe: Option<String>,
    /// What to do.
    pub advice: Option<String>,
    pub way: Option<Way>,
    /// What an operator needs to find it in the log.
    pub request_id: Option<String>,
}

/// A link and its words.
#[derive(Clone, Debug)]
pub struct Way {
    pub href: String,
    pub words: String,
}

impl Way {
    /// A link and its words.
    pub fn new(href: impl Into<String>, words: impl Into<String>) -> Self {
        Self { href: href.into(), words: words.into() }
    }
}

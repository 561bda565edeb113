//! A sync that is running, as far as it has come.

use askama::{Template, filters::HtmlSafe};

/// A sync that is running.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/progress.html")]
pub struct Progress {
    /// The provider's name.
    pub name: String,
    pub done: u32,
    pub total: u32,
    /// "day 18 of 30, 4 of 19 kinds".
    pub words: String,
    /// Where the script asks how far it has come.
    pub url: String,
    /// The page to load again where no script runs.
    pub here: String,
}

// Its template escapes every field.
impl HtmlSafe for Progress {}

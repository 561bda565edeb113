//! Every problem id, explained.

use askama::Template;

use super::Page;

/// The page that a problem's `type` leads to.
#[derive(Template)]
#[template(path = "problems.html")]
pub(crate) struct Problems {
    pub(crate) page: Page,
    pub(crate) problems: Vec<ProblemRow>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct ProblemRow {
    pub(crate) id: &'static str,
    pub(crate) status: u16,
    pub(crate) title: &'static str,
    pub(crate) meaning: &'static str,
}

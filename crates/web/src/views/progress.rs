//! A sync that is running, as far as it has come.

use askama::{Template, filters::HtmlSafe};

/// A sync that is running.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/progress.html")]
pub(crate) struct Progress {
    /// The provider's name.
    pub(crate) name: String,
    /// Kinds that are done, of how many; nought until it has begun.
    pub(crate) done: u32,
    pub(crate) total: u32,
    /// Days of the present kind that are done, of how many; nought of nought before the first.
    pub(crate) days_done: u32,
    pub(crate) days_total: u32,
    /// Where the script asks how far it has come.
    pub(crate) url: String,
    /// The page to load again where no script runs.
    pub(crate) here: String,
}

// Its template escapes every field.
impl HtmlSafe for Progress {}

impl Progress {
    /// How far it has come, as the script computes it, too: kinds, and the part of the present one.
    pub(crate) fn value(&self) -> f64 {
        let part = if self.days_total > 0 { f64::from(self.days_done) / f64::from(self.days_total) } else { 0.0 };
        ((f64::from(self.done) + part) * 100.0).round() / 100.0
    }

    /// How long the bar is.
    pub(crate) fn length(&self) -> u32 {
        self.total.max(1)
    }

    /// "day 18 of 30, 4 of 19 kinds".
    pub(crate) fn words(&self) -> String {
        if self.total == 0 {
            return "about to begin".to_owned();
        }
        let kinds = format!("{} of {} kinds", self.done, self.total);
        if self.days_total > 0 { format!("day {} of {}, {kinds}", self.days_done, self.days_total) } else { kinds }
    }
}

//! A person's timeline: what happened to their data.

use askama::Template;
use model::Kind;

use super::{Moment, Page};

/// The page of a person's timeline.
#[derive(Template)]
#[template(path = "events.html")]
pub(crate) struct Events {
    pub(crate) page: Page,
    pub(crate) lines: Vec<Line>,
    pub(crate) filter: EventFilter,
    /// Where the stream goes on from; absent on older pages, which do not move.
    pub(crate) head: Option<i64>,
    /// The page before this one in time.
    pub(crate) older: Option<String>,
}

/// One happening.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) at: Moment,
    /// "Sleep scores revised".
    pub(crate) text: String,
    /// "Halo · 26 Jan".
    pub(crate) aside: String,
    /// Whether it is bad news.
    pub(crate) trouble: bool,
}

/// What to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventFilter {
    /// The word of the sort chosen; empty for all.
    pub(crate) sort: String,
    pub(crate) kind: Option<Kind>,
    /// The id of a provider; empty for all.
    pub(crate) provider: String,
    /// Ids and names to choose from.
    pub(crate) providers: Vec<(String, String)>,
}

/// Sorts of happenings to choose from: the word in the address, and what people read.
pub(crate) const SORTS: [(&str, &str); 5] = [
    ("", "everything"),
    ("changes", "changes of records"),
    ("notices", "what providers told"),
    ("syncs", "syncs"),
    ("deeds", "connecting and disconnecting"),
];

impl EventFilter {
    /// The sorts to choose from.
    pub(crate) fn sorts(&self) -> [(&'static str, &'static str); 5] {
        SORTS
    }

    /// The kinds to choose from.
    pub(crate) fn kinds(&self) -> &'static [Kind] {
        Kind::ALL
    }

    /// Whether a kind is the one chosen.
    pub(crate) fn is_kind(&self, kind: &Kind) -> bool {
        self.kind.as_ref() == Some(kind)
    }

    /// Whether anything is left out.
    pub(crate) fn leaves_out(&self) -> bool {
        self.kind.is_some() || !self.sort.is_empty() || !self.provider.is_empty()
    }
}

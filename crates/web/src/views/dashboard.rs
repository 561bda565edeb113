//! The dashboard: the newest figures, how they moved, what an agent is told, what arrived.

use super::{Line, Moment, Page, Progress, chart::Chart};
use askama::Template;

/// The page that says it all.
#[derive(Template)]
#[template(path = "dashboard.html")]
pub(crate) struct Dashboard {
    pub(crate) page: Page,
    /// "Good morning."
    pub(crate) greeting: String,
    /// Empty when nothing is connected.
    pub(crate) sources: Vec<SourceLine>,
    /// Syncs that are running.
    pub(crate) progress: Vec<Progress>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) range: Range,
    pub(crate) charts: Vec<Chart>,
    pub(crate) told: Told,
    pub(crate) events: Vec<Line>,
    /// Where the stream goes on from.
    pub(crate) head: i64,
}

/// How fresh one provider's data is.
#[derive(Clone, Debug)]
pub(crate) struct SourceLine {
    /// The provider's name.
    pub(crate) name: String,
    pub(crate) synced: Option<Moment>,
    /// When it last told of something by itself.
    pub(crate) heard: Option<Moment>,
    /// What is wrong, in words: "no longer accepts our key".
    pub(crate) trouble: Option<String>,
}

/// One big number.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) label: String,
    pub(crate) value: Option<String>,
    pub(crate) unit: String,
    /// "12 % under your baseline".
    pub(crate) note: Option<String>,
    /// From when and from where: "last night, from …".
    pub(crate) origin: String,
}

/// What an agent is told at this moment.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Markdown, as agents get it; absent when there is nothing to say.
    pub(crate) markdown: Option<String>,
    /// About how many tokens it costs.
    pub(crate) tokens: usize,
    /// "2 agents".
    pub(crate) readers: String,
}

/// How many days the charts show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    Week,
    Month,
    Quarter,
}

impl Range {
    /// All of them, the shortest first.
    pub(crate) const ALL: [Self; 3] = [Self::Week, Self::Month, Self::Quarter];

    /// The range of so many days, if there is one.
    pub(crate) fn of(days: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.days() == days)
    }

    /// How many days it has.
    pub(crate) fn days(self) -> u32 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
        }
    }
}

impl Dashboard {
    /// The ranges to choose from.
    pub(crate) fn ranges(&self) -> [Range; 3] {
        Range::ALL
    }

    /// Whether every connected provider is well.
    pub(crate) fn all_well(&self) -> bool {
        self.sources.iter().all(|source| source.trouble.is_none())
    }

    /// Whether any chart has a baseline, which is then explained.
    pub(crate) fn has_baseline(&self) -> bool {
        self.charts.iter().any(Chart::has_baseline)
    }
}

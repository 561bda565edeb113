//! The dashboard: the newest figures, how they moved, what an agent is told, what arrived.

use askama::Template;
use jiff::civil::Date;
use model::{ChangeType, Kind};

use super::{Moment, Page, Progress, chart::Chart};

/// The page that says it all.
#[derive(Template)]
#[template(path = "dashboard.html")]
pub struct Dashboard {
    pub page: Page,
    /// "Good morning."
    pub greeting: String,
    /// Empty when nothing is connected.
    pub sources: Vec<SourceLine>,
    /// Syncs that are running.
    pub progress: Vec<Progress>,
    pub figures: Vec<Figure>,
    pub range: Range,
    pub charts: Vec<Chart>,
    pub told: Told,
    pub events: Vec<EventLine>,
}

/// How fresh one provider's data is.
#[derive(Clone, Debug)]
pub struct SourceLine {
    /// The provider's name.
    pub name: String,
    pub synced: Option<Moment>,
    /// What is wrong, in words: "no longer accepts our key".
    pub trouble: Option<String>,
}

/// One big number.
#[derive(Clone, Debug)]
pub struct Figure {
    pub label: String,
    pub value: Option<String>,
    pub unit: String,
    /// "12 % under your baseline".
    pub note: Option<String>,
    /// From when and from where: "last night, from …".
    pub origin: String,
}

/// What an agent is told at this moment.
#[derive(Clone, Debug)]
pub struct Told {
    /// Markdown, as agents get it; absent when there is nothing to say.
    pub markdown: Option<String>,
    /// About how many tokens it costs.
    pub tokens: usize,
    /// "2 agents".
    pub readers: String,
}

/// One entry of the log.
#[derive(Clone, Debug)]
pub struct EventLine {
    pub at: Moment,
    pub change: ChangeType,
    pub kind: Kind,
    /// The provider's name.
    pub provider: String,
    pub day: Option<Date>,
}

/// How many days the charts show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    Week,
    Month,
    Quarter,
}

impl Range {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Week, Self::Month, Self::Quarter];

    /// The range of so many days, if there is one.
    pub fn of(days: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.days() == days)
    }

    /// How many days it has.
    pub fn days(self) -> u32 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
        }
    }
}

impl Dashboard {
    /// The ranges to choose from.
    pub fn ranges(&self) -> [Range; 3] {
        Range::ALL
    }

    /// Whether every connected provider is well.
    pub fn all_well(&self) -> bool {
        self.sources.iter().all(|source| source.trouble.is_none())
    }
}

impl EventLine {
    /// The day that the record counts for, in words.
    pub fn day_words(&self) -> String {
        self.day.map(|day| day.strftime("%-d %b").to_string()).unwrap_or_default()
    }
}

//! The context: what an agent is told of a person, made from what is given and from nothing else.

mod background;
mod budget;
mod chat;
mod compose;
mod fact;
mod markdown;
mod reports;
mod sections;
#[cfg(test)]
mod tests;
mod unfinished;
mod words;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use model::{Kind, StoredRecord, Topic};
use serde::Serialize;

pub use self::{
    chat::{Human, InvalidChat, inject, last_human},
    compose::compose,
    fact::Value,
    sections::TOLD,
};

/// What the context is made from: everything is given, nothing is fetched.
#[derive(Clone, Debug)]
pub struct Material {
    pub now: Timestamp,
    /// The person's zone: what "today" means.
    pub zone: TimeZone,
    pub sources: Vec<Source>,
    pub records: Vec<StoredRecord>,
}

/// A provider that a person is connected to.
#[derive(Clone, Debug)]
pub struct Source {
    /// The provider's id, as records name it.
    pub provider: String,
    /// The provider's name, as people know it.
    pub name: String,
    pub last_sync_at: Option<Timestamp>,
    /// False when the person must connect again before anything new can come.
    pub healthy: bool,
    /// What the person consented to and the provider does not give.
    pub missing: Vec<Kind>,
}

/// What an agent is told of a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Context {
    pub title: String,
    /// When the source that waited longest was synced: all that is told is at least that recent.
    pub synced_at: Timestamp,
    /// Whether something is still to come: a day that is not over, a score not given yet, a kind that is missing.
    pub partial: bool,
    /// Whether something may be out of date: a source not synced for long, a section that is old.
    pub stale: bool,
    /// What the reader must know first, as sentences.
    pub notes: Vec<String>,
    pub missing: Vec<Missing>,
    pub sections: Vec<Section>,
}

/// What a source does not give.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Missing {
    /// The source's name.
    pub source: String,
    pub kinds: Vec<Kind>,
}

/// What is told of one topic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    pub topic: Topic,
    pub title: String,
    /// The newest day that it tells of.
    pub day: Date,
    pub freshness: Freshness,
    pub partial: bool,
    /// What the reader must know of this section, as sentences.
    pub notes: Vec<String>,
    pub lines: Vec<Line>,
}

/// How long ago a section's day was, in the person's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    Today,
    Yesterday,
    /// The day before yesterday.
    Recent,
    Old,
}

/// One value, in words and as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    pub label: &'static str,
    /// The value in words: `85/100`.
    pub text: String,
    pub value: Value,
    pub unit: &'static str,
    /// What was measured behind a score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// The name of the source that gave it.
    pub source: String,
    pub day: Date,
    #[serde(skip)]
    pub priority: Priority,
}

/// What was measured behind a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    pub value: Value,
    pub unit: &'static str,
}

/// How much a line matters, the most first: a small budget keeps the first ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A day's score.
    Score,
    /// A score of what made up a day's score.
    Contributor,
    /// Something measured over the day or the night.
    Measure,
    /// Stress and heart, beside the main three.
    Detail,
    /// What changes over months: age, height, weight.
    Background,
}

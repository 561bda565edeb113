//! A stretch of days in which the provider asks for less.

use jiff::{Timestamp, civil::Date};

use serde::{Deserialize, Serialize};

/// A stretch of days in which the provider asks for less.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RestMode {
    pub end_day: Option<Date>,
    pub episodes: Vec<RestEpisode>,
}

/// What was noted within it, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestEpisode {
    pub at: Timestamp,
    pub tags: Vec<String>,
}

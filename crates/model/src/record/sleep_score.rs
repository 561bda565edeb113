//! How well a night was, as the provider scores it.

use serde::{Deserialize, Serialize};

/// A day's sleep score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SleepScore {
    /// 1 to 100.
    pub score: Option<f64>,
    pub contributors: SleepContributors,
}

/// Scores from 1 to 100 of what made up the score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SleepContributors {
    pub deep_sleep: Option<f64>,
    pub efficiency: Option<f64>,
    pub latency: Option<f64>,
    pub rem_sleep: Option<f64>,
    pub restfulness: Option<f64>,
    pub timing: Option<f64>,
    pub total_sleep: Option<f64>,
}

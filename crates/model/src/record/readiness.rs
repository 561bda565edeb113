//! How ready a person is for the day.

use serde::{Deserialize, Serialize};

/// A day's readiness.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Readiness {
    /// 1 to 100.
    pub score: Option<f64>,
    /// Skin temperature against the person's own baseline.
    pub temperature_deviation_celsius: Option<f64>,
    pub temperature_trend_deviation_celsius: Option<f64>,
    pub contributors: ReadinessContributors,
}

/// Scores from 1 to 100 of what made up the score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadinessContributors {
    pub activity_balance: Option<f64>,
    pub body_temperature: Option<f64>,
    pub hrv_balance: Option<f64>,
    pub previous_day_activity: Option<f64>,
    pub previous_night: Option<f64>,
    pub recovery_index: Option<f64>,
    pub resting_heart_rate: Option<f64>,
    pub sleep_balance: Option<f64>,
    pub sleep_regularity: Option<f64>,
}

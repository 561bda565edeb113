//! A day's movement.

use serde::{Deserialize, Serialize};

use super::Trace;

/// A day's movement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// 1 to 100.
    pub score: Option<f64>,
    pub steps: Option<i64>,
    pub active_energy_kcal: Option<f64>,
    pub total_energy_kcal: Option<f64>,
    pub target_energy_kcal: Option<f64>,
    pub walking_distance_metres: Option<f64>,
    pub target_distance_metres: Option<f64>,
    pub high_activity_seconds: Option<i64>,
    pub medium_activity_seconds: Option<i64>,
    pub low_activity_seconds: Option<i64>,
    pub sedentary_seconds: Option<i64>,
    pub resting_seconds: Option<i64>,
    pub non_wear_seconds: Option<i64>,
    pub inactivity_alerts: Option<i64>,
    pub average_met: Option<f64>,
    pub contributors: ActivityContributors,
    /// One digit for each five minutes from the start of the record: 0 not worn, 1 rest, 2 inactive, 3 low, 4 medium, 5 high.
    pub classes_5_min: Option<String>,
    pub met: Option<Trace>,
}

/// Scores from 1 to 100 of what made up the score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ActivityContributors {
    pub meet_daily_targets: Option<f64>,
    pub move_every_hour: Option<f64>,
    pub recovery_time: Option<f64>,
    pub stay_active: Option<f64>,
    pub training_frequency: Option<f64>,
    pub training_volume: Option<f64>,
}

//! One period of sleep: a night or a nap.

use serde::{Deserialize, Serialize};

use crate::words::words;

/// One period of sleep. Its day is the morning of waking.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sleep {
    pub sleep_type: SleepType,
    pub total_sleep_seconds: Option<i64>,
    pub deep_sleep_seconds: Option<i64>,
    pub rem_sleep_seconds: Option<i64>,
    pub light_sleep_seconds: Option<i64>,
    pub awake_seconds: Option<i64>,
    pub time_in_bed_seconds: Option<i64>,
    pub latency_seconds: Option<i64>,
    /// Share of the time in bed that was slept.
    pub efficiency_percent: Option<f64>,
    pub restless_periods: Option<i64>,
    pub average_heart_rate_bpm: Option<f64>,
    pub lowest_heart_rate_bpm: Option<f64>,
    /// Root mean square of successive differences, averaged over the period.
    pub hrv_rmssd_ms: Option<f64>,
    pub respiratory_rate_per_minute: Option<f64>,
    /// One digit for each five minutes: 1 deep, 2 light, 3 REM, 4 awake.
    pub stages_5_min: Option<String>,
    /// One value for each interval; gaps are null.
    pub heart_rate_bpm: Option<Trace>,
    pub hrv_ms: Option<Trace>,
}

words! {
    /// Whether it was the night.
    #[derive(Default)]
    pub enum SleepType as "type of sleep" {
        /// The main sleep of the day.
        #[default]
        Night = "night",
        Nap = "nap",
    }
}

/// Values at a fixed interval from the start of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    pub interval_seconds: f64,
    pub values: Vec<Option<f64>>,
}

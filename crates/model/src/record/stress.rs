//! How a day's stress was spent.

use serde::{Deserialize, Serialize};

/// How a day's stress was spent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stress {
    pub high_stress_seconds: Option<i64>,
    pub high_recovery_seconds: Option<i64>,
    /// The provider's word: `restored`, `normal`, `stressful` …
    pub summary: Option<String>,
}

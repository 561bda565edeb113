//! How well a person withstands stress over weeks.

use serde::{Deserialize, Serialize};

/// How well a person withstands stress over weeks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resilience {
    /// The provider's word: `limited` … `exceptional`.
    pub level: Option<String>,
    pub sleep_recovery: Option<f64>,
    pub daytime_recovery: Option<f64>,
    pub stress: Option<f64>,
}

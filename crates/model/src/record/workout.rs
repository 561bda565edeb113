//! A bout of exercise.

use serde::{Deserialize, Serialize};

/// A bout of exercise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Workout {
    /// The provider's word: `walking`, `cycling` …
    pub activity: Option<String>,
    pub intensity: Option<String>,
    pub label: Option<String>,
    pub energy_kcal: Option<f64>,
    pub distance_metres: Option<f64>,
    /// How the provider came to know of it: `manual`, `confirmed` …
    pub source: Option<String>,
}

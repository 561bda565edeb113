//! Blood oxygen over a night.

use serde::{Deserialize, Serialize};

/// Blood oxygen over a night.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spo2 {
    pub average_percent: Option<f64>,
    /// Events an hour.
    pub breathing_disturbance_index: Option<f64>,
}

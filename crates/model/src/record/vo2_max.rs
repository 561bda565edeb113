//! Maximal oxygen uptake.

use serde::{Deserialize, Serialize};

/// Maximal oxygen uptake.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vo2Max {
    pub vo2_max_ml_per_kg_per_minute: Option<f64>,
}

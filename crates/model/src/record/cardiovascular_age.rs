//! The age that a person's arteries seem to have.

use serde::{Deserialize, Serialize};

/// The age that a person's arteries seem to have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CardiovascularAge {
    pub vascular_age_years: Option<f64>,
    pub pulse_wave_velocity_metres_per_second: Option<f64>,
}

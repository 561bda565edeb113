//! What the provider knows of the person.

use serde::{Deserialize, Serialize};

/// What the provider knows of the person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub age_years: Option<i64>,
    pub weight_kilograms: Option<f64>,
    pub height_metres: Option<f64>,
    pub biological_sex: Option<String>,
    pub email: Option<String>,
}

//! When the provider would have a person go to bed.

use serde::{Deserialize, Serialize};

/// When the provider would have a person go to bed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BedtimeGuidance {
    pub recommendation: Option<String>,
    pub status: Option<String>,
    /// From local midnight; negative before it.
    pub optimal_start_seconds: Option<i64>,
    pub optimal_end_seconds: Option<i64>,
}

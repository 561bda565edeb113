//! A device that a person wears.

use jiff::Timestamp;

use serde::{Deserialize, Serialize};

/// A device that a person wears.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Device {
    pub hardware: Option<String>,
    pub design: Option<String>,
    pub colour: Option<String>,
    pub size: Option<i64>,
    pub firmware: Option<String>,
    pub set_up_at: Option<Timestamp>,
}

//! What a sync brought.

use std::collections::BTreeMap;

use model::Period;
use serde::{Deserialize, Serialize};

/// What a sync brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether every collection that could be asked answered.
    pub success: bool,
    pub synced: Synced,
    pub period: Period,
}

/// How many records each collection yielded, and what went wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Synced {
    #[serde(flatten)]
    pub counts: BTreeMap<String, usize>,
    pub errors: Vec<Failure>,
}

/// A collection that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub collection: String,
    pub error: String,
}

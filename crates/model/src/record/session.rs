//! A moment of breathing, meditation or rest.

use serde::{Deserialize, Serialize};

use super::Trace;

/// A moment of breathing, meditation or rest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The provider's word: `breathing`, `meditation`, `nap` …
    pub session_type: Option<String>,
    pub mood: Option<String>,
    pub heart_rate_bpm: Option<Trace>,
    pub hrv_ms: Option<Trace>,
    pub motion_count: Option<Trace>,
}

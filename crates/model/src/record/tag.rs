//! What a person noted.

use serde::{Deserialize, Serialize};

/// What a person noted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// The provider's codes.
    pub codes: Vec<String>,
    pub name: Option<String>,
    pub comment: Option<String>,
}

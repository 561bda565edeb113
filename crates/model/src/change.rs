//! A record added, revised or removed, at a position in its user's log.

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use crate::{ConnectionId, Kind, RecordId, words::words};

/// One entry of a user's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Gapless within a user's log, starting at 1.
    pub position: i64,
    #[serde(rename = "type")]
    pub change_type: ChangeType,
    pub provider: String,
    pub connection_id: ConnectionId,
    pub record_id: RecordId,
    pub kind: Kind,
    pub day: Option<Date>,
    pub at: Timestamp,
}

words! {
    /// What happened to a record.
    pub enum ChangeType as "type of change" {
        Added = "added",
        Revised = "revised",
        Removed = "removed",
    }
}

//! What streams carry, and which of it a reader wants.

use std::sync::Arc;

use jiff::Timestamp;
use model::{Change, ChangeType, Kind, UserId};
use serde::Serialize;

/// A change as readers get it: put into words once for all of them.
#[derive(Debug)]
pub struct Event {
    pub change: Change,
    json: Box<str>,
}

impl Event {
    /// The change as JSON.
    pub fn json(&self) -> &str {
        &self.json
    }
}

impl From<Change> for Event {
    fn from(change: Change) -> Self {
        let json = serde_json::to_string(&change).unwrap_or_default().into_boxed_str();
        Self { change, json }
    }
}

/// A piece of a person's log.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The position before the first event.
    pub(crate) after: i64,
    /// The position of the last one; the same as before when there is none, which says how far the log is.
    pub(crate) last: i64,
    pub(crate) events: Vec<Arc<Event>>,
}

impl Batch {
    /// What was read after a position.
    pub(crate) fn after(after: i64, changes: Vec<Change>) -> Self {
        let last = changes.last().map_or(after, |change| change.position);
        Self { after, last, events: changes.into_iter().map(|change| Arc::new(change.into())).collect() }
    }
}

/// Which events a reader wants; an empty list wants all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub kinds: Vec<Kind>,
    pub providers: Vec<String>,
}

impl Filter {
    /// Whether the reader wants to hear of a change.
    pub fn wants(&self, change: &Change) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&change.kind))
            && (self.providers.is_empty() || self.providers.contains(&change.provider))
    }
}

/// What an administrator sees of a change: that there was one, not of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Glimpse {
    pub user_id: UserId,
    pub position: i64,
    #[serde(rename = "type")]
    pub change_type: ChangeType,
    pub provider: String,
    pub kind: Kind,
    pub at: Timestamp,
}

impl Glimpse {
    pub(crate) fn of(user_id: UserId, change: Change) -> Self {
        let Change { position, change_type, provider, kind, at, .. } = change;
        Self { user_id, position, change_type, provider, kind, at }
    }
}

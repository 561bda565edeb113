//! Whether asking brings what the provider should have told of by itself.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Connection, Window};
use providers::Collection;
use store::{CollectionState, Tx, Write};

use crate::{
    Result,
    listen::{GRACE, Pace},
};

/// What is watched while a connection is asked for what it is told of anyway.
pub(super) struct Watch {
    began_at: Timestamp,
    /// Where the person's log ended then.
    position: i64,
    collections: BTreeSet<String>,
}

impl Watch {
    /// Begins to watch the collections that are told, and were asked for since they are.
    pub(super) fn begin(
        pace: &Pace,
        wanted: &[(Collection, Window)],
        states: &[CollectionState],
        position: i64,
        now: Timestamp,
    ) -> Option<Self> {
        let since = pace.since?;
        let was_asked_since = |id: &String| {
            let state = states.iter().find(|state| state.collection == *id);
            state.and_then(|state| state.last_success_at).is_some_and(|asked| asked >= since)
        };
        let wanted = wanted.iter().map(|(collection, _)| &collection.id);
        let told = wanted.filter(|id| pace.told.contains(*id) && was_asked_since(id));
        let collections: BTreeSet<_> = told.cloned().collect();
        (!collections.is_empty()).then_some(Self { began_at: now, position, collections })
    }

    /// Notes when something was brought that had not been told. Says whether that is news: it may be told yet.
    pub(super) async fn end(&self, tx: &mut Tx<Write>, connection: &Connection, now: Timestamp) -> Result<bool> {
        let (user, id) = (connection.user_id, connection.id);
        let changed = tx.collections_changed(user, id, self.position).await?;
        if changed.is_disjoint(&self.collections) {
            return Ok(false);
        }
        // A notice so recent may be of the very thing.
        let lately = self.began_at.saturating_sub(GRACE).unwrap_or(self.began_at);
        let hearing = tx.hearing(user, id).await?;
        if hearing.last_notice_at.is_some_and(|heard| heard >= lately) {
            return Ok(false);
        }
        tx.note_untold(user, id, now).await?;
        Ok(hearing.silent_since.is_none())
    }
}

//! What is to be told next: looked up anew for each event, so that whatever was changed meanwhile counts.

use std::collections::VecDeque;

use jiff::Timestamp;
use model::{Change, Sharing, SinkId, SinkReason, SinkState, UserId};
use sinks::{Event, What};
use store::{Log, Sink, SinkCursor};

use super::keeper::{sharing_with, turn_off};
use crate::{Engine, Result};

const READ_AT_ONCE: i64 = 100;

/// One person's turn at a sink, as things stand.
pub(super) struct Turn {
    pub(super) sink: Sink,
    pub(super) user: UserId,
    pub(super) cursor: SinkCursor,
    sharing: Sharing,
    external_id: Option<String>,
    log: Log,
}

/// What is to be done next.
pub(super) enum Next {
    /// The log has been written to its end.
    Nothing,
    /// What comes up to a position is not for this sink.
    Pass { to: i64 },
    /// An event is to be told; then everything up to a position has been.
    Tell { event: Box<Event>, to: i64 },
}

/// Changes that were read and not told yet.
#[derive(Default)]
pub(super) struct Ahead(VecDeque<Change>);

impl Engine {
    /// How things stand; none when the sink is to be told nothing.
    pub(super) async fn turn(&self, user: UserId, id: SinkId, now: Timestamp) -> Result<Option<Turn>> {
        let mut tx = self.db.read().await?;
        let Some(sink) = tx.find_sink(user, id).await?.filter(|sink| sink.state == SinkState::Active) else {
            return Ok(None);
        };
        let Some(sharing) = sharing_with(&mut tx, &sink, user, now).await? else {
            drop(tx);
            let mut tx = self.db.write().await?;
            turn_off(&mut tx, &sink, SinkReason::TokenEnded, now).await?;
            tx.commit().await?;
            return Ok(None);
        };
        let cursor = tx.sink_cursor(user, id).await?;
        let log = tx.log(user).await?;
        let external_id = tx.user(user).await?.external_id;
        Ok(Some(Turn { sink, user, cursor, sharing, external_id, log }))
    }

    /// What comes next in a person's log.
    pub(super) async fn next(&self, turn: &Turn, ahead: &mut Ahead) -> Result<Next> {
        let from = turn.cursor.position;
        if from < turn.log.floor {
            let lost = What::Reset { floor: turn.log.floor, head: turn.log.head };
            return Ok(Next::Tell { event: turn.event(lost), to: turn.log.floor });
        }
        if from >= turn.log.head {
            return Ok(Next::Nothing);
        }
        if ahead.0.front().is_none_or(|change| change.position != from + 1) {
            ahead.0 = self.db.read().await?.changes(turn.user, from, READ_AT_ONCE).await?.into();
        }
        Ok(turn.pick(ahead))
    }
}

impl Turn {
    fn pick(&self, ahead: &mut Ahead) -> Next {
        let mut passed = None;
        while let Some(change) = ahead.0.pop_front() {
            let to = change.position;
            if self.wants(&change) {
                return Next::Tell { event: self.event(What::Change(change)), to };
            }
            passed = Some(to);
        }
        passed.map_or(Next::Nothing, |to| Next::Pass { to })
    }

    fn wants(&self, change: &Change) -> bool {
        let of_kind = self.sink.kinds.is_empty() || self.sink.kinds.contains(&change.kind);
        let of_provider = self.sink.providers.is_empty() || self.sink.providers.contains(&change.provider);
        of_kind && of_provider && self.sharing.allows_kind(change.kind)
    }

    fn event(&self, what: What) -> Box<Event> {
        Box::new(Event { sink: self.sink.id, user: self.user, external_id: self.external_id.clone(), what })
    }
}

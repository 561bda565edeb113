//! One reader of one person's log: first what it has missed, then what is new, each position once.

use std::sync::Arc;

use model::{Sharing, UserId};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{Batch, Ended, Event, Filter, hub::Seat, tail::AT_ONCE};
use crate::{Engine, Error, Result};

/// One reader of one person's log.
pub struct Follow {
    engine: Engine,
    user: UserId,
    filter: Filter,
    /// All up to here has been taken.
    position: i64,
    /// Whether the log holds something that was not among the batches.
    has_missed: bool,
    next: Option<Next>,
    seat: Seat,
    /// Whoever drains waits for the reader to be told of the end.
    _under_way: TaskTrackerToken,
}

/// What was found and not taken yet.
#[derive(Clone)]
enum Next {
    Batch(Arc<Batch>),
    Reset { floor: i64, head: i64 },
}

/// What a reader is told.
#[derive(Clone, Debug)]
pub enum Said {
    Event(Arc<Event>),
    /// What lies up to this position is not for this reader.
    Cursor(i64),
    /// What lies up to the floor was pruned, so the reader goes on from the head: it must read the records.
    Reset {
        floor: i64,
        head: i64,
    },
}

impl Said {
    /// The position to come back with.
    pub fn position(&self) -> i64 {
        match self {
            Self::Event(event) => event.change.position,
            Self::Cursor(position) | Self::Reset { head: position, .. } => *position,
        }
    }
}

impl Engine {
    /// Follows a person's log after a position; without one, from now on.
    pub async fn follow(&self, user: UserId, filter: Filter, after: Option<i64>) -> Result<Follow> {
        let seat = self.sit(user);
        let head = self.db.read().await?.head(user).await?;
        let position = after.unwrap_or(head);
        check_position(position, head)?;
        Ok(Follow {
            engine: self.clone(),
            user,
            filter,
            position,
            has_missed: position < head,
            next: None,
            seat,
            _under_way: self.tasks.token(),
        })
    }
}

/// Whether a reader can have come from there.
pub(crate) fn check_position(after: i64, head: i64) -> Result<()> {
    match after {
        0.. if after <= head => Ok(()),
        0.. => Err(Error::invalid("after", format!("lies beyond the newest event, which is {head}"))),
        _ => Err(Error::invalid("after", "is a position")),
    }
}

impl Follow {
    /// How far the reader is.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Waits until there is something to take. May be given up and called again.
    pub async fn ready(&mut self) -> std::result::Result<(), Ended> {
        while self.next.is_none() {
            if self.has_missed {
                self.read_missed().await?;
                continue;
            }
            let heard = tokio::select! {
                heard = self.seat.batches.recv() => heard,
                () = self.engine.closing() => return Err(Ended::Closing),
            };
            match heard {
                Ok(batch) if batch.after > self.position => self.has_missed = true,
                Ok(batch) if batch.last > self.position => self.next = Some(Next::Batch(batch)),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.has_missed = true,
                Err(RecvError::Closed) => return Err(Ended::Gone),
            }
        }
        Ok(())
    }

    /// What has come that this reader may see and wants; its place moves on.
    pub async fn take(&mut self, reader: Option<&Sharing>) -> Result<Vec<Said>> {
        let Some(next) = self.next.clone() else { return Ok(Vec::new()) };
        let sharing = self.engine.reader_sharing(self.user, reader).await?;
        let said = match next {
            Next::Reset { floor, head } => vec![Said::Reset { floor, head }],
            Next::Batch(batch) => self.select(&batch, &sharing),
        };
        self.position = said.last().map_or(self.position, Said::position);
        self.next = None;
        Ok(said)
    }

    /// Ends with the end of the batch, whether or not the reader may see its last event.
    fn select(&self, batch: &Batch, sharing: &Sharing) -> Vec<Said> {
        let new = batch.events.iter().filter(|event| event.change.position > self.position);
        let wanted = new.filter(|event| sharing.allows_kind(event.change.kind) && self.filter.wants(&event.change));
        let mut said: Vec<_> = wanted.map(|event| Said::Event(event.clone())).collect();
        if said.last().is_none_or(|last| last.position() < batch.last) {
            said.push(Said::Cursor(batch.last));
        }
        said
    }

    async fn read_missed(&mut self) -> Result<()> {
        let mut tx = self.engine.db.read().await?;
        let log = tx.log(self.user).await?;
        if self.position < log.floor {
            self.next = Some(Next::Reset { floor: log.floor, head: log.head });
            self.has_missed = false;
            return Ok(());
        }
        let changes = tx.changes(self.user, self.position, AT_ONCE).await?;
        let batch = Batch::after(self.position, changes);
        self.has_missed = self.position < batch.last && batch.last < log.head;
        self.next = (self.position < batch.last).then(|| Next::Batch(Arc::new(batch)));
        Ok(())
    }
}

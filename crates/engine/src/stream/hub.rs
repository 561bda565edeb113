//! The seats of those who read along: a tail of the log for each person who has readers.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use model::UserId;
use store::Grown;
use tokio::sync::{
    Notify,
    broadcast::{self, error::RecvError},
};
use tokio_util::sync::CancellationToken;

use super::{Batch, tail::Tail};
use crate::{Engine, Result};

/// Another process may have added to a log without our hearing of it.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Batches that wait for a person's readers; who is further behind reads the log itself.
const WAITING: usize = 64;

/// The seats of those who read along.
#[derive(Default)]
pub(crate) struct Hub(Mutex<Seats>);

#[derive(Default)]
struct Seats {
    rows: HashMap<UserId, Row>,
    /// Whether somebody looks out for what is added to the logs.
    looked_after: bool,
}

/// The readers of one person's log.
struct Row {
    batches: broadcast::Sender<Arc<Batch>>,
    wake: Arc<Notify>,
    position: Arc<AtomicI64>,
    end: CancellationToken,
}

/// A reader's seat. The batches are let go of before it is left, so that the last one knows to be the last.
pub(super) struct Seat {
    pub(super) batches: broadcast::Receiver<Arc<Batch>>,
    _leave: Leave,
}

struct Leave(Engine, UserId);

impl Drop for Leave {
    fn drop(&mut self) {
        let mut seats = self.0.hub.seats();
        if let Some(row) = seats.rows.get(&self.1).filter(|row| row.batches.receiver_count() == 0) {
            row.end.cancel();
            seats.rows.remove(&self.1);
        }
    }
}

impl Hub {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes a person's tail, unless it has come as far by itself.
    fn wake(&self, user: UserId, head: i64) {
        if let Some(row) = self.seats().rows.get(&user).filter(|row| row.position.load(Ordering::SeqCst) < head) {
            row.wake.notify_one();
        }
    }

    /// Whose logs are read along.
    fn people(&self) -> Vec<UserId> {
        self.seats().rows.keys().copied().collect()
    }

    /// Says whether nobody is left to look out for.
    fn is_deserted(&self) -> bool {
        let mut seats = self.seats();
        seats.looked_after = !seats.rows.is_empty();
        !seats.looked_after
    }

    /// Sends a person's readers away: there is nothing to read any more.
    pub(super) fn dismiss(&self, user: UserId) {
        self.seats().rows.remove(&user);
    }
}

impl Engine {
    /// Takes a seat among a person's readers: from now on nothing that is added passes unheard.
    pub(super) fn sit(&self, user: UserId) -> Seat {
        let mut seats = self.hub.seats();
        if !seats.looked_after {
            seats.looked_after = true;
            self.tasks.spawn(self.clone().look_out(self.db.listen()));
        }
        let row = seats.rows.entry(user).or_insert_with(|| self.open_row(user));
        Seat { batches: row.batches.subscribe(), _leave: Leave(self.clone(), user) }
    }

    fn open_row(&self, user: UserId) -> Row {
        let (batches, wake, position) = (broadcast::Sender::new(WAITING), Arc::default(), Arc::default());
        let row = Row { batches, wake, position, end: self.closing.child_token() };
        let (batches, wake, position) = (row.batches.clone(), row.wake.clone(), row.position.clone());
        let tail = Tail { engine: self.clone(), user, batches, wake, position };
        self.tasks.spawn(row.end.clone().run_until_cancelled_owned(tail.keep_up()));
        row
    }

    /// Hears of what this process adds to the logs, and looks for what others add, as long as somebody reads along.
    async fn look_out(self, mut grown: broadcast::Receiver<Grown>) {
        let mut pause = pin!(self.clock.sleep(Duration::ZERO));
        while !self.closing.is_cancelled() && !self.hub.is_deserted() {
            tokio::select! {
                heard = grown.recv() => match heard {
                    Ok(Grown { user, head, .. }) => self.hub.wake(user, head),
                    Err(RecvError::Lagged(_)) => pause.set(self.clock.sleep(Duration::ZERO)),
                    Err(RecvError::Closed) => return,
                },
                () = pause.as_mut() => {
                    if let Err(error) = self.look().await {
                        tracing::debug!(%error, "what others add to the logs could not be looked for");
                    }
                    pause.set(self.clock.sleep(LOOK_AGAIN));
                }
                () = self.closing.cancelled() => {}
            }
        }
    }

    async fn look(&self) -> Result<()> {
        let people = self.hub.people();
        let heads: HashMap<_, _> = self.db.read().await?.heads(&people).await?.into_iter().collect();
        for user in people {
            // A tail finds out by itself that its person is gone.
            self.hub.wake(user, heads.get(&user).copied().unwrap_or(i64::MAX));
        }
        Ok(())
    }
}

//! Reads one person's log as it grows: once, whatever the number of its readers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use model::UserId;
use tokio::sync::{Notify, broadcast};

use super::Batch;
use crate::{Engine, Error, Result};

/// How many changes are read at a time.
pub(super) const AT_ONCE: i64 = 256;
/// A database that stumbles is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Reads one person's log as it grows.
pub(super) struct Tail {
    pub(super) engine: Engine,
    pub(super) user: UserId,
    pub(super) batches: broadcast::Sender<Arc<Batch>>,
    pub(super) wake: Arc<Notify>,
    /// How far it was read.
    pub(super) position: Arc<AtomicI64>,
}

impl Tail {
    /// Keeps up with the log for as long as there is one.
    pub(super) async fn keep_up(self) {
        let mut begun = false;
        loop {
            let kept_up = if begun { self.read_on().await } else { self.begin().await };
            match kept_up {
                Ok(()) if begun => self.wake.notified().await,
                Ok(()) => begun = true,
                Err(Error::NotFound(_)) => return self.engine.hub.dismiss(self.user),
                Err(error) => {
                    tracing::debug!(%error, "a log could not be read on");
                    self.engine.clock.sleep(ASK_AGAIN).await;
                }
            }
        }
    }

    /// Says where it begins: a reader who is not as far yet reads for itself what lies between, or what was pruned.
    async fn begin(&self) -> Result<()> {
        let head = self.engine.db.read().await?.head(self.user).await?;
        self.tell(Batch::after(head, Vec::new()));
        Ok(())
    }

    async fn read_on(&self) -> Result<()> {
        loop {
            let after = self.position.load(Ordering::SeqCst);
            let mut tx = self.engine.db.read().await?;
            let log = tx.log(self.user).await?;
            if log.head <= after {
                return Ok(());
            }
            let batch = match after < log.floor {
                true => Batch::after(log.head, Vec::new()),
                false => Batch::after(after, tx.changes(self.user, after, AT_ONCE).await?),
            };
            drop(tx);
            self.tell(batch);
        }
    }

    fn tell(&self, batch: Batch) {
        self.position.store(batch.last, Ordering::SeqCst);
        let _ = self.batches.send(Arc::new(batch));
    }
}

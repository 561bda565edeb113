//! The administrators' view: that there are changes in all logs, as they happen. It has no order across people and no
//! cursor, and what a process adds whose clock is wrong by more than a minute may be missed.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use model::{Change, Sharing, UserId};
use store::Grown;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{Ended, Glimpse};
use crate::{Engine, Result};

/// Another process may have added to a log without our hearing of it.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Clocks differ, and a transaction may take long between its instant and its commit.
const OVERLAP: SignedDuration = SignedDuration::from_mins(1);
/// Of a log that grows by more at a time, the newest changes are shown.
const MOST: i64 = 1_000;
/// Glimpses that wait for those who watch.
const WAITING: usize = 256;

/// Where those who watch have their seats.
pub(crate) struct Gallery {
    glimpses: broadcast::Sender<Arc<Watched>>,
    looked_after: AtomicBool,
}

impl Default for Gallery {
    fn default() -> Self {
        Self { glimpses: broadcast::Sender::new(WAITING), looked_after: AtomicBool::new(false) }
    }
}

/// What was seen of one person's log.
#[derive(Debug)]
pub struct Watched {
    pub user: UserId,
    glimpses: Vec<Glimpse>,
}

/// Somebody who watches all logs.
pub struct Watch {
    engine: Engine,
    glimpses: broadcast::Receiver<Arc<Watched>>,
    _under_way: TaskTrackerToken,
}

impl Watch {
    /// What is seen next.
    pub async fn next(&mut self) -> std::result::Result<Arc<Watched>, Ended> {
        let heard = tokio::select! {
            heard = self.glimpses.recv() => heard,
            () = self.engine.closing() => return Err(Ended::Closing),
        };
        heard.map_err(|missed| match missed {
            RecvError::Lagged(_) => Ended::Behind,
            RecvError::Closed => Ended::Closing,
        })
    }

    /// What of it a reader may see: an administrator all, a program what the person and its own switches allow.
    pub async fn take(&self, watched: &Watched, reader: Option<&Sharing>) -> Result<Vec<Glimpse>> {
        let sharing = self.engine.reader_sharing(watched.user, reader).await?;
        Ok(watched.glimpses.iter().filter(|glimpse| sharing.allows_kind(glimpse.kind)).cloned().collect())
    }
}

impl Engine {
    /// Watches all people's logs from now on.
    pub async fn watch(&self) -> Result<Watch> {
        let glimpses = self.gallery.glimpses.subscribe();
        if !self.gallery.looked_after.swap(true, Ordering::SeqCst) {
            let grown = self.db.listen();
            let lookout = match Lookout::new(self.clone()).await {
                Ok(lookout) => lookout,
                Err(error) => {
                    self.gallery.looked_after.store(false, Ordering::SeqCst);
                    return Err(error);
                }
            };
            self.tasks.spawn(lookout.keep_watch(grown));
        }
        Ok(Watch { engine: self.clone(), glimpses, _under_way: self.tasks.token() })
    }
}

/// Looks over all logs for those who watch.
struct Lookout {
    engine: Engine,
    /// Where the logs ended that have grown lately.
    known: HashMap<UserId, i64>,
    /// A log that is not among the known ones has not grown since.
    since: Timestamp,
}

impl Lookout {
    async fn new(engine: Engine) -> Result<Self> {
        let since = before(engine.clock.now());
        let known = engine.db.read().await?.grown_since(since).await?.into_iter().collect();
        Ok(Self { engine, known, since })
    }

    async fn keep_watch(mut self, mut grown: broadcast::Receiver<Grown>) {
        let engine = self.engine.clone();
        let mut pause = pin!(engine.clock.sleep(Duration::ZERO));
        while !self.is_alone() {
            let seen = tokio::select! {
                heard = grown.recv() => match heard {
                    Ok(grown) => self.show(grown.user, Some(grown.from), grown.head).await,
                    Err(_) => self.look().await,
                },
                () = pause.as_mut() => {
                    pause.set(engine.clock.sleep(LOOK_AGAIN));
                    self.look().await
                }
                () = engine.closing() => return,
            };
            if let Err(error) = seen {
                tracing::debug!(%error, "the logs could not be looked over");
            }
        }
    }

    /// Whether nobody watches any more.
    fn is_alone(&self) -> bool {
        let gallery = &self.engine.gallery;
        if gallery.glimpses.receiver_count() > 0 {
            return false;
        }
        gallery.looked_after.store(false, Ordering::SeqCst);
        // Somebody who came meanwhile has either seen that or is seen here.
        gallery.glimpses.receiver_count() == 0 || gallery.looked_after.swap(true, Ordering::SeqCst)
    }

    async fn look(&mut self) -> Result<()> {
        let since = before(self.engine.clock.now());
        let heads = self.engine.db.read().await?.grown_since(since.min(self.since)).await?;
        for (user, head) in &heads {
            self.show(*user, None, *head).await?;
        }
        let lately: HashMap<_, _> = heads.into_iter().collect();
        self.known.retain(|user, _| lately.contains_key(user));
        self.since = since;
        Ok(())
    }

    /// Shows what is new in a log up to its head. Where it ended before is known, or told, or found by the instants.
    async fn show(&mut self, user: UserId, from: Option<i64>, head: i64) -> Result<()> {
        let known = self.known.get(&user).copied();
        let after = known.or(from).unwrap_or(0).max(head - MOST);
        if after >= head {
            return Ok(());
        }
        let mut changes = self.engine.db.read().await?.changes(user, after, head - after).await?;
        if known.or(from).is_none() {
            changes.retain(|change| change.at >= self.since);
        }
        self.known.insert(user, head);
        self.tell(user, changes);
        Ok(())
    }

    fn tell(&self, user: UserId, changes: Vec<Change>) {
        if !changes.is_empty() {
            let glimpses = changes.into_iter().map(|change| Glimpse::of(user, change)).collect();
            let _ = self.engine.gallery.glimpses.send(Arc::new(Watched { user, glimpses }));
        }
    }
}

fn before(now: Timestamp) -> Timestamp {
    now.saturating_sub(OVERLAP).unwrap_or(Timestamp::MIN)
}

//! Keeps account of who reads whose data: one entry per reader, person and minute.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use model::{Action, Actor, AuditEntry, Clock, UserId};
use store::{AuditQuery, BrokenChain, Db, Gather};

use crate::{Engine, Result};

/// Reads that are on record for the present minute, so that repeating them costs nothing.
#[derive(Default)]
pub(crate) struct RecentReads(Mutex<Minute>);

/// The minute, and the reads that are on record for it.
type Minute = (i64, HashSet<Reading>);

/// Whose data is read, by whom, and how.
pub(crate) type Reading = (UserId, Actor, Action);

impl RecentReads {
    fn contains(&self, minute: i64, read: &Reading) -> bool {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.0 != minute {
            *recent = (minute, HashSet::new());
        }
        recent.1.contains(read)
    }

    fn insert(&self, minute: i64, read: Reading) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.0 == minute {
            recent.1.insert(read);
        }
    }
}

impl Engine {
    /// Puts a read on record, before its answer goes out. A person who reads their own data is not recorded.
    pub async fn note_read(&self, actor: &Actor, user: UserId, action: Action) -> Result<()> {
        if *actor == Actor::User(user) {
            return Ok(());
        }
        let minute = self.clock.now().as_second() / 60;
        let read = (user, actor.clone(), action);
        if self.recent_reads.contains(minute, &read) {
            return Ok(());
        }
        self.reads.call(read.clone()).await?;
        self.recent_reads.insert(minute, read);
        Ok(())
    }

    /// A person's audit trail, the newest first.
    pub async fn audit(&self, user: UserId, wanted: &AuditQuery) -> Result<Vec<AuditEntry>> {
        Ok(self.db.read().await?.audit(user, wanted).await?)
    }

    /// Checks a person's audit trail: how many entries are whole, or where it is broken.
    pub async fn verify_audit(&self, user: UserId) -> Result<std::result::Result<i64, BrokenChain>> {
        Ok(self.db.read().await?.verify_audit(user).await?)
    }
}

/// Puts reads that come at the same time on record by one commit.
pub(crate) fn gathered(db: Db, clock: Clock) -> Gather<Reading, ()> {
    Gather::new(move |reads: Vec<Reading>| {
        let (db, clock) = (db.clone(), clock.clone());
        Box::pin(async move {
            let now = clock.now();
            let mut different: Vec<_> = reads.iter().collect::<HashSet<_>>().into_iter().collect();
            // Two processes that lock the same trails do so in the same order.
            different.sort_by_key(|(user, ..)| *user);
            let mut tx = db.write().await?;
            for (user, actor, action) in different {
                if tx.first_read(*user, actor, *action, now).await? {
                    tx.append_audit(*user, now, actor, *action, None).await?;
                }
            }
            tx.commit().await?;
            Ok(vec![(); reads.len()])
        })
    })
}

//! Keeps account of who reads whose data: one entry per reader, person and minute.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use model::{Action, Actor, AuditEntry, UserId};
use store::{AuditQuery, BrokenChain};

use crate::{Engine, Result};

/// Reads that are on record for the present minute, so that repeating them costs nothing.
#[derive(Default)]
pub(crate) struct RecentReads(Mutex<Minute>);

/// The minute, and the reads that are on record for it.
type Minute = (i64, HashSet<(UserId, Actor, Action)>);

impl RecentReads {
    fn contains(&self, minute: i64, read: &(UserId, Actor, Action)) -> bool {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.0 != minute {
            *recent = (minute, HashSet::new());
        }
        recent.1.contains(read)
    }

    fn insert(&self, minute: i64, read: (UserId, Actor, Action)) {
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
        let now = self.clock.now();
        let minute = now.as_second() / 60;
        let read = (user, actor.clone(), action);
        if self.recent_reads.contains(minute, &read) {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        if tx.first_read(user, actor, action, now).await? {
            tx.append_audit(user, now, actor, action, None).await?;
        }
        tx.commit().await?;
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

//! Raw pages live as long as their records, and so does the memory of records that were purged.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{PageId, UserId};

use super::{AT_ONCE, ago, days};
use crate::{Engine, Result};

impl Engine {
    /// Deletes the pages that no living record comes from; says how many.
    pub(super) async fn sweep_pages(&self) -> Result<u64> {
        let (mut swept, mut after) = (0, None);
        loop {
            let unused = self.db.read().await?.unused_pages(after, AT_ONCE).await?;
            let Some((_, last)) = unused.last() else { return Ok(swept) };
            after = Some(*last);
            let mut by_user: BTreeMap<UserId, Vec<PageId>> = BTreeMap::new();
            for (user, page) in unused {
                by_user.entry(user).or_default().push(page);
            }
            for (user, pages) in by_user {
                let mut tx = self.db.write().await?;
                // Somebody may be about to store the very same answer again.
                tx.lock_log(user).await?;
                swept += tx.sweep_pages(user, &pages).await?;
                tx.commit().await?;
            }
        }
    }

    /// Deletes what is left of purged records once their removal is no event any more; says of how many.
    pub(super) async fn sweep_tombstones(&self, now: Timestamp) -> Result<u64> {
        let Some(event_days) = self.rules.event_days else { return Ok(0) };
        let before = ago(now, days(event_days));
        let mut swept = 0;
        loop {
            let mut tx = self.db.write().await?;
            let now_swept = tx.sweep_tombstones(before, AT_ONCE).await?;
            tx.commit().await?;
            if now_swept == 0 {
                return Ok(swept);
            }
            swept += now_swept;
        }
    }
}

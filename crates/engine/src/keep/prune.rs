//! Forgets events that are old enough; a reader of ours that lags holds them back for a while.

use jiff::Timestamp;
use model::UserId;
use store::{Tx, Write};

use super::{AT_ONCE, ago, days};
use crate::{Engine, Result};

/// Events that a sink has not had yet are kept for so many days more.
const PATIENCE_DAYS: u32 = 7;

impl Engine {
    /// Prunes the logs of all people; says how many events are gone.
    pub(super) async fn prune_events(&self, now: Timestamp) -> Result<u64> {
        let Some(event_days) = self.rules.event_days else { return Ok(0) };
        let before = ago(now, days(event_days));
        let (mut pruned, mut after) = (0, None);
        loop {
            let users = self.db.read().await?.overgrown(after, before, AT_ONCE).await?;
            let Some(last) = users.last() else { return Ok(pruned) };
            after = Some(*last);
            for user in users {
                pruned += self.prune_log(user, before).await?;
            }
        }
    }

    async fn prune_log(&self, user: UserId, before: Timestamp) -> Result<u64> {
        let mut pruned = 0;
        loop {
            let mut tx = self.db.write().await?;
            tx.lock_log(user).await?;
            let up_to = prunable(&mut tx, user, before).await?;
            let now_pruned = tx.prune_changes(user, up_to, AT_ONCE).await?;
            tx.commit().await?;
            if now_pruned == 0 {
                return Ok(pruned);
            }
            pruned += now_pruned;
        }
    }
}

/// The position up to which a log can do without its events.
async fn prunable(tx: &mut Tx<Write>, user: UserId, before: Timestamp) -> Result<i64> {
    let old = tx.older_up_to(user, before).await?;
    match tx.sink_positions_floor(user).await? {
        Some(position) if position < old => {
            let too_old = tx.older_up_to(user, ago(before, days(PATIENCE_DAYS))).await?;
            Ok(position.max(too_old))
        }
        _ => Ok(old),
    }
}

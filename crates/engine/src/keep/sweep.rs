//! Deletes, every half hour, what nobody can use any more.

use jiff::SignedDuration;
use store::NewJob;

use super::{AT_ONCE, ago, later};
use crate::{Engine, Result, jobs};

pub(super) const EVERY: SignedDuration = SignedDuration::from_mins(30);
/// A connection that nobody has confirmed by then never will be.
const UNCONFIRMED: SignedDuration = SignedDuration::from_mins(30);
/// So long whoever comes late is told why it is too late.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
const A_WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);

impl Engine {
    /// Deletes what nobody can use any more, and finds connections that were lost sight of.
    pub(crate) async fn sweep(&self) -> Result<Vec<NewJob>> {
        let now = self.clock.now();
        self.sweep_unconfirmed().await?;
        // Looked for before the write begins: with a million connections, that takes a while.
        let idle = self.db.read().await?.idle_connections().await?;
        let mut tx = self.db.write().await?;
        // Whatever ended a chain of jobs, an active connection is not left without its next sync and refresh.
        for connection in idle {
            tx.enqueue(now, jobs::scheduled_sync(&connection, now)).await?;
            tx.enqueue(now, jobs::refresh(&connection, now)).await?;
        }
        // Nor is a provider left without somebody who looks whether it tells us of changes.
        for provider in self.providers.keys() {
            tx.enqueue(now, jobs::reconcile(provider, later(now, A_DAY))).await?;
        }
        tx.sweep_sessions(now).await?;
        tx.sweep_attempts(ago(now, A_DAY)).await?;
        tx.sweep_reads(ago(now, SignedDuration::from_hours(1))).await?;
        tx.sweep_keys(ago(now, A_DAY)).await?;
        tx.sweep_links(ago(now, A_WEEK)).await?;
        tx.commit().await?;
        self.sweep_jobs().await?;
        self.db.truncate_log_again().await?;
        Ok(vec![jobs::sweep(later(now, EVERY))])
    }

    async fn sweep_unconfirmed(&self) -> Result<()> {
        let before = ago(self.clock.now(), UNCONFIRMED);
        let abandoned = self.db.write().await?.abandoned_connections(before).await?;
        for (user, connection) in abandoned {
            // Somebody may have confirmed it this very moment; what else is old must be swept all the same.
            if let Err(error) = self.abandon(user, connection).await {
                tracing::warn!(connection.id = %connection, %error, "a connection that waited too long is still there");
            }
        }
        Ok(())
    }

    /// There can be many: every connection leaves several a day. Syncs are shown for a week.
    async fn sweep_jobs(&self) -> Result<()> {
        let now = self.clock.now();
        let (before, syncs) = (ago(now, A_DAY), (jobs::SYNC, ago(now, A_WEEK)));
        loop {
            let mut tx = self.db.write().await?;
            let swept = tx.sweep_jobs(before, syncs, AT_ONCE).await?;
            tx.commit().await?;
            if swept == 0 {
                return Ok(());
            }
        }
    }
}

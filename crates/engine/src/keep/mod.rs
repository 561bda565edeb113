//! Keeps house: what has had its time is forgotten, in small transactions, so that nobody waits for it for long.

mod pages;
mod prune;
mod purge;
mod retention;
mod sizes;
mod sweep;
mod time;
mod traffic;

use jiff::{SignedDuration, Timestamp};
use store::NewJob;

pub use self::retention::{RecordRetention, Rules};
pub(crate) use self::sizes::KnownSizes;
use crate::{Engine, Error, Result, jobs};

/// As many rows are changed in one transaction.
const AT_ONCE: i64 = 500;
const EVERY: SignedDuration = SignedDuration::from_hours(24);

impl Engine {
    /// Brings forward what was put off for longer than it ever is, as by a clock that was ahead for a while.
    pub(crate) async fn hasten_keeping(&self) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        tx.enqueue(now, jobs::sweep(later(now, sweep::EVERY))).await?;
        tx.enqueue(now, jobs::keep(later(now, EVERY))).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets what has had its time, unless the time is not to be believed yet. What fails does not keep the rest from
    /// being done, and is tried again.
    pub(crate) async fn keep_house(&self) -> Result<Vec<NewJob>> {
        let now = self.clock.now();
        if let Some(until) = self.doubt(now).await? {
            return Ok(vec![jobs::keep(until)]);
        }
        let done = [
            ("events", self.prune_events(now).await),
            ("records", self.purge_all(now).await),
            ("pages", self.sweep_pages().await),
            ("tombstones", self.sweep_tombstones(now).await),
            ("notices", self.ignore_overdue(now).await),
            ("deliveries", self.sweep_deliveries(now).await),
            ("keys of deliveries", self.destroy_receive_keys(now).await),
            ("attempts at sinks", self.sweep_sink_attempts(now).await),
        ];
        let mut failed = Vec::new();
        for (what, done) in done {
            match done {
                Ok(0) => {}
                Ok(count) => tracing::info!(what, count, "kept house"),
                Err(error) => {
                    tracing::warn!(what, %error, "could not keep house");
                    failed.push(what);
                }
            }
        }
        if failed.is_empty() {
            return Ok(vec![jobs::keep(later(now, EVERY))]);
        }
        Err(Error::Unavailable { message: format!("not done: {}", failed.join(", ")), retry_at: None })
    }
}

fn later(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

fn ago(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

/// So many days, as the clock counts them.
fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

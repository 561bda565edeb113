//! Forgets what came in from providers, and how it went to write elsewhere.

use jiff::{Timestamp, tz::TimeZone};

use super::{AT_ONCE, ago, days};
use crate::{Engine, Result, receive::PATIENCE};

/// What matches nobody stays readable for so long.
const KEYS_DAYS: u32 = 7;
const SINK_ATTEMPTS_DAYS: u32 = 7;
const COMES_LATER: &str = "comes with the sync after connecting again";

impl Engine {
    /// Deletes deliveries that were settled as long ago as the events are that are forgotten; says how many.
    pub(super) async fn sweep_deliveries(&self, now: Timestamp) -> Result<u64> {
        let Some(event_days) = self.rules.event_days else { return Ok(0) };
        let before = ago(now, days(event_days));
        let mut swept = 0;
        loop {
            let mut tx = self.db.write().await?;
            let now_swept = tx.sweep_deliveries(before, AT_ONCE).await?;
            tx.commit().await?;
            if now_swept == 0 {
                return Ok(swept);
            }
            swept += now_swept;
        }
    }

    /// Ignores what has waited too long for somebody to connect again: the sync that follows brings it. Says how much.
    pub(super) async fn ignore_overdue(&self, now: Timestamp) -> Result<u64> {
        let mut ignored = 0;
        loop {
            let mut tx = self.db.write().await?;
            let now_ignored = tx.ignore_overdue_notices(ago(now, PATIENCE), COMES_LATER, now, AT_ONCE).await?;
            tx.commit().await?;
            if now_ignored == 0 {
                return Ok(ignored);
            }
            ignored += now_ignored;
        }
    }

    /// Destroys the keys of old days, and with them the deliveries that matched nobody; says how many.
    pub(super) async fn destroy_receive_keys(&self, now: Timestamp) -> Result<u64> {
        let before = ago(now, days(KEYS_DAYS)).to_zoned(TimeZone::UTC).date();
        let mut tx = self.db.write().await?;
        let destroyed = tx.destroy_receive_keys(before).await?;
        tx.commit().await?;
        if destroyed > 0 {
            self.db.truncate_log().await?;
        }
        Ok(destroyed)
    }

    /// Deletes what came of writing elsewhere a while ago; says how many.
    pub(super) async fn sweep_sink_attempts(&self, now: Timestamp) -> Result<u64> {
        let mut tx = self.db.write().await?;
        let swept = tx.sweep_sink_attempts(ago(now, days(SINK_ATTEMPTS_DAYS))).await?;
        tx.commit().await?;
        Ok(swept)
    }
}

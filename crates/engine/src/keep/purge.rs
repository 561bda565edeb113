//! Removes records that are older than their person, or this server, keeps records.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use model::{Action, Actor, UserId};
use store::{Job, NewJob};

use super::{AT_ONCE, retention::first_day};
use crate::{Engine, Result, apply};

impl Engine {
    /// Removes what is too old of all whose records grow old; says how many records that were.
    pub(super) async fn purge_all(&self, now: Timestamp) -> Result<u64> {
        let all = self.rules.record_days.is_some();
        let (mut purged, mut after) = (0, None);
        loop {
            let users = self.db.read().await?.aging_users(after, all, AT_ONCE).await?;
            let Some(last) = users.last() else { break };
            after = Some(*last);
            for user in users {
                purged += self.purge_person(user, now).await?;
            }
        }
        if purged > 0 {
            self.db.truncate_log().await?;
        }
        Ok(purged)
    }

    /// Removes what is too old of one person, who has just decided how long records are kept.
    pub(crate) async fn purge_asked(&self, job: &Job) -> Result<Vec<NewJob>> {
        let Some(user) = job.user_id else { return Ok(Vec::new()) };
        if self.purge_person(user, self.clock.now()).await? > 0 {
            self.db.truncate_log().await?;
        }
        Ok(Vec::new())
    }

    async fn purge_person(&self, user: UserId, now: Timestamp) -> Result<u64> {
        let Some(keep_from) = self.move_keep_from(user, now).await? else { return Ok(0) };
        let mut purged = 0;
        loop {
            let now_purged = self.purge_some(user, keep_from, now).await?;
            if now_purged == 0 {
                break;
            }
            purged += now_purged;
        }
        let mut tx = self.db.write().await?;
        tx.lock_log(user).await?;
        tx.purge_pages(user, long_before(keep_from)).await?;
        tx.commit().await?;
        Ok(purged)
    }

    /// Moves the day on from which a person's records are kept.
    async fn move_keep_from(&self, user: UserId, now: Timestamp) -> Result<Option<Date>> {
        let mut tx = self.db.write().await?;
        let before = tx.lock_records(user).await?;
        let keep_from = match self.rules.strictest(tx.retention(user).await?.days) {
            Some(days) => Some(first_day(&tx.user(user).await?, days, now)),
            None => None,
        };
        if keep_from != before {
            tx.set_keep_from(user, keep_from).await?;
            tx.commit().await?;
        }
        Ok(keep_from)
    }

    async fn purge_some(&self, user: UserId, keep_from: Date, now: Timestamp) -> Result<u64> {
        let mut tx = self.db.write().await?;
        let purged = apply::purge(&mut tx, user, AT_ONCE, now).await?;
        if purged > 0 {
            let detail = format!("{purged} records of days before {keep_from}");
            tx.append_audit(user, now, &Actor::System, Action::RecordsPurged, Some(&detail)).await?;
        }
        tx.commit().await?;
        Ok(purged as u64)
    }
}

/// An instant at which nothing of a day or of later ones could be known anywhere.
fn long_before(day: Date) -> Timestamp {
    let before = day.saturating_sub(1.day()).to_zoned(TimeZone::UTC);
    before.map_or(Timestamp::MIN, |zoned| zoned.timestamp())
}

//! How long records and events are kept, by the server's rules and a person's wish.

use jiff::{Timestamp, ToSpan, civil::Date};
use model::{Action, Actor, User, UserId};
use serde::Serialize;

use crate::{Engine, Error, Result, jobs};

/// A lifetime of records.
const MOST_DAYS: u32 = 36_500;

/// How long the server keeps things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Days after which events are forgotten; none: never.
    pub event_days: Option<u32>,
    /// Days after which records are removed, of whom they may be; none: never.
    pub record_days: Option<u32>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { event_days: Some(30), record_days: None }
    }
}

impl Rules {
    /// How many days a person's records are kept: the stricter of both counts.
    pub(super) fn strictest(&self, own: Option<u32>) -> Option<u32> {
        own.into_iter().chain(self.record_days).min()
    }
}

/// How long a person's records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RecordRetention {
    /// The person's own wish, in days; none: as long as the server keeps them.
    pub days: Option<u32>,
    /// The server's rule, in days; none: it keeps them for good.
    pub server_days: Option<u32>,
    /// Records of earlier days are removed; none: all are kept.
    pub keep_from: Option<Date>,
}

impl Engine {
    /// How long a person's records are kept.
    pub async fn retention(&self, user: UserId) -> Result<RecordRetention> {
        let mut tx = self.db.read().await?;
        let days = tx.retention(user).await?.days;
        let person = tx.user(user).await?;
        Ok(self.told(&person, days))
    }

    /// Sets how long a person wants their records to be kept. What is older is removed soon, and for good.
    pub async fn set_retention(&self, actor: &Actor, user: UserId, days: Option<u32>) -> Result<RecordRetention> {
        if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            return Err(Error::invalid("days", format!("is between 1 and {MOST_DAYS}")));
        }
        let now = self.clock.now();
        let detail = days.map_or("records kept for good".to_owned(), |days| format!("records kept for {days} days"));
        let mut tx = self.db.write().await?;
        tx.lock_records(user).await?;
        tx.set_retention(user, days).await?;
        let person = tx.user(user).await?;
        let retention = self.told(&person, days);
        tx.set_keep_from(user, retention.keep_from).await?;
        tx.append_audit(user, now, actor, Action::SettingsChanged, Some(&detail)).await?;
        tx.enqueue(now, jobs::purge(user, now)).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(retention)
    }

    fn told(&self, person: &User, days: Option<u32>) -> RecordRetention {
        let keep_from = self.rules.strictest(days).map(|days| first_day(person, days, self.clock.now()));
        RecordRetention { days, server_days: self.rules.record_days, keep_from }
    }
}

/// The first day that is kept when records are kept for so many days after their own.
pub(super) fn first_day(person: &User, days: u32, now: Timestamp) -> Date {
    person.today(now).saturating_sub(i64::from(days).days())
}

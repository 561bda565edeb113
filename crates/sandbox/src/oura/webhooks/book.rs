//! The book of subscriptions: one for each data type and event type, for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

/// Measured by others: about ninety days.
const LIVES: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A subscription.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) callback_url: String,
    pub(super) event_type: &'static str,
    pub(super) data_type: &'static str,
    expires_at: Timestamp,
}

/// There is such a subscription already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken;

/// All subscriptions of the application.
#[derive(Default)]
pub(in super::super) struct Subscriptions(Mutex<Vec<Subscription>>);

impl Subscription {
    /// A subscription that begins now.
    pub(super) fn new(
        id: String,
        callback_url: String,
        event_type: &'static str,
        data_type: &'static str,
        now: Timestamp,
    ) -> Self {
        Self { id, callback_url, event_type, data_type, expires_at: now + LIVES }
    }

    /// As Oura tells of it.
    pub(super) fn told(&self) -> Value {
        let expiration = self.expires_at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        json!({
            "id": self.id,
            "callback_url": self.callback_url,
            "event_type": self.event_type,
            "data_type": self.data_type,
            "expiration_time": expiration,
        })
    }

    fn is_for(&self, event_type: &str, data_type: &str) -> bool {
        self.event_type == event_type && self.data_type == data_type
    }
}

impl Subscriptions {
    /// Those that have not expired, the oldest first.
    pub(super) fn all(&self, now: Timestamp) -> Vec<Subscription> {
        self.open(now).clone()
    }

    /// Whether there are none.
    pub(in super::super) fn are_none(&self, now: Timestamp) -> bool {
        self.open(now).is_empty()
    }

    pub(super) fn find(&self, id: &str, now: Timestamp) -> Option<Subscription> {
        self.open(now).iter().find(|each| each.id == id).cloned()
    }

    /// The one for an event of a data type.
    pub(super) fn of(&self, event_type: &str, data_type: &str, now: Timestamp) -> Option<Subscription> {
        self.open(now).iter().find(|each| each.is_for(event_type, data_type)).cloned()
    }

    /// Adds one, or puts it in the place of the one with its identity.
    pub(super) fn keep(&self, new: Subscription, now: Timestamp) -> Result<(), Taken> {
        let mut book = self.open(now);
        if book.iter().any(|each| each.id != new.id && each.is_for(new.event_type, new.data_type)) {
            return Err(Taken);
        }
        match book.iter_mut().find(|each| each.id == new.id) {
            Some(known) => *known = new,
            None => book.push(new),
        }
        Ok(())
    }

    /// Lets one live as long as a new one would.
    pub(super) fn renew(&self, id: &str, now: Timestamp) -> Option<Subscription> {
        let mut book = self.open(now);
        let known = book.iter_mut().find(|each| each.id == id)?;
        known.expires_at = now + LIVES;
        Some(known.clone())
    }

    /// Ends one. Whether it was there.
    pub(in super::super) fn end(&self, id: &str, now: Timestamp) -> bool {
        let mut book = self.open(now);
        let before = book.len();
        book.retain(|each| each.id != id);
        book.len() < before
    }

    fn open(&self, now: Timestamp) -> MutexGuard<'_, Vec<Subscription>> {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.retain(|each| now < each.expires_at);
        book
    }
}

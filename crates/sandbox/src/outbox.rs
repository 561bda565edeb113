//! Webhooks that wait to be sent, are being sent, or have been: what is due, and what became of each.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Notify;

/// How many are remembered once they are settled.
const REMEMBERED: usize = 10_000;

/// A webhook to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) subscription_id: String,
    pub(crate) url: String,
    pub(crate) body: Bytes,
    pub(crate) due: Timestamp,
    pub(crate) hand: Hand,
}

/// In whose hand it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hand {
    /// The provider's own.
    Own,
    /// The provider's own of so long before, sent by somebody else.
    Stale(Duration),
    /// Somebody's who does not know the secret.
    Forged,
}

impl Hand {
    fn word(self) -> &'static str {
        match self {
            Self::Own => "the provider",
            Self::Stale(_) => "an eavesdropper",
            Self::Forged => "a stranger",
        }
    }
}

/// Where a webhook stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Waiting,
    Sending,
    Delivered,
    GivenUp,
    Cancelled,
    Dropped,
}

/// A webhook with what became of it so far.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) id: u64,
    pub(crate) envelope: Envelope,
    pub(crate) state: State,
    pub(crate) tries: u32,
    /// Headers as first signed: retries carry the same.
    pub(crate) signed: Vec<(&'static str, String)>,
    sent_at: Option<Timestamp>,
    /// How the last try was answered, if it was.
    status: Option<u16>,
}

/// A delivery as it is told.
#[derive(Serialize)]
pub(crate) struct Told {
    id: u64,
    subscription_id: String,
    url: String,
    notice: Value,
    by: &'static str,
    state: State,
    tries: u32,
    due_at: Timestamp,
    sent_at: Option<Timestamp>,
    status: Option<u16>,
}

/// The webhooks of one provider. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Outbox(Arc<Board>);

#[derive(Default)]
struct Board {
    shelf: Mutex<Shelf>,
    more: Notify,
}

#[derive(Default)]
struct Shelf {
    last: u64,
    all: BTreeMap<u64, Delivery>,
    /// Those that wait, by when they are due.
    due: BTreeSet<(Timestamp, u64)>,
}

impl Outbox {
    /// Puts webhooks in; those that are dropped are only remembered.
    pub(crate) fn put(&self, envelope: Envelope, state: State) {
        self.open().put(envelope, state);
        self.0.more.notify_one();
    }

    /// When the next one is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.open().due.first().map(|(due, _)| *due)
    }

    /// Comes back once more was put in.
    pub(crate) async fn more(&self) {
        self.0.more.notified().await;
    }

    /// Takes one that is due.
    pub(crate) fn take(&self, now: Timestamp) -> Option<Delivery> {
        let mut shelf = self.open();
        let (_, id) = shelf.due.first().filter(|(due, _)| *due <= now).copied()?;
        shelf.due.pop_first();
        let delivery = shelf.all.get_mut(&id)?;
        delivery.state = State::Sending;
        delivery.tries += 1;
        Some(delivery.clone())
    }

    /// Notes how a try went, and whether there will be another.
    pub(crate) fn note(&self, tried: &Delivery, sent_at: Timestamp, status: Option<u16>, next: Next) {
        let mut shelf = self.open();
        let Some(delivery) = shelf.all.get_mut(&tried.id) else { return };
        delivery.signed.clone_from(&tried.signed);
        (delivery.sent_at, delivery.status) = (Some(sent_at), status);
        match next {
            // Its subscription may have ended meanwhile.
            Next::Again(_) if delivery.state != State::Sending => {}
            Next::Again(due) => {
                delivery.state = State::Waiting;
                delivery.envelope.due = due;
                shelf.due.insert((due, tried.id));
            }
            Next::Settled(state) => delivery.state = state,
        }
        shelf.forget();
    }

    /// Sends nothing more for a subscription; says how many that concerns.
    pub(crate) fn cancel(&self, subscription_id: &str) -> u64 {
        let mut shelf = self.open();
        let mut cancelled = 0;
        for delivery in shelf.all.values_mut().filter(|each| each.envelope.subscription_id == subscription_id) {
            if matches!(delivery.state, State::Waiting | State::Sending) {
                delivery.state = State::Cancelled;
                cancelled += 1;
            }
        }
        let Shelf { due, all, .. } = &mut *shelf;
        due.retain(|(_, id)| all.get(id).is_some_and(|delivery| delivery.state == State::Waiting));
        cancelled
    }

    /// The latest ones, in the order in which they were put in.
    pub(crate) fn latest(&self, limit: usize) -> Vec<Told> {
        let shelf = self.open();
        let skipped = shelf.all.len().saturating_sub(limit);
        shelf.all.values().skip(skipped).map(Delivery::told).collect()
    }

    fn open(&self) -> MutexGuard<'_, Shelf> {
        self.0.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What follows from a try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    Again(Timestamp),
    Settled(State),
}

impl Shelf {
    fn put(&mut self, envelope: Envelope, state: State) {
        self.last += 1;
        let (id, due) = (self.last, envelope.due);
        let delivery = Delivery { id, envelope, state, tries: 0, signed: Vec::new(), sent_at: None, status: None };
        self.all.insert(id, delivery);
        if state == State::Waiting {
            self.due.insert((due, id));
        }
        self.forget();
    }

    /// Forgets the oldest of those that are settled.
    fn forget(&mut self) {
        while self.all.len() > REMEMBERED {
            let settled = |delivery: &&Delivery| !matches!(delivery.state, State::Waiting | State::Sending);
            let Some(id) = self.all.values().find(settled).map(|delivery| delivery.id) else { return };
            self.all.remove(&id);
        }
    }
}

impl Delivery {
    /// By when it is signed, if it is sent at an instant.
    pub(crate) fn signed_at(&self, now: Timestamp) -> Timestamp {
        match self.envelope.hand {
            Hand::Stale(age) => now.checked_sub(age).unwrap_or(now),
            Hand::Own | Hand::Forged => now,
        }
    }

    fn told(&self) -> Told {
        Told {
            id: self.id,
            subscription_id: self.envelope.subscription_id.clone(),
            url: self.envelope.url.clone(),
            notice: serde_json::from_slice(&self.envelope.body).unwrap_or_default(),
            by: self.envelope.hand.word(),
            state: self.state,
            tries: self.tries,
            due_at: self.envelope.due,
            sent_at: self.sent_at,
            status: self.status,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn put(outbox: &Outbox, subscription: &str, due: i64) {
        let envelope = Envelope {
            subscription_id: subscription.to_owned(),
            url: "http://app.test/".to_owned(),
            body: Bytes::from_static(b"{}"),
            due: at(due),
            hand: Hand::Own,
        };
        outbox.put(envelope, State::Waiting);
    }

    #[test]
    fn what_is_due_first_is_taken_first() {
        let outbox = Outbox::default();
        put(&outbox, "a", 20);
        put(&outbox, "a", 10);
        put(&outbox, "a", 10);
        assert_eq!(outbox.next_due(), Some(at(10)));
        assert!(outbox.take(at(9)).is_none());
        let taken: Vec<_> = std::iter::from_fn(|| outbox.take(at(30))).map(|delivery| delivery.id).collect();
        assert_eq!(taken, [2, 3, 1]);
        assert_eq!(outbox.next_due(), None);
    }

    #[test]
    fn what_ended_is_not_sent_again() {
        let outbox = Outbox::default();
        put(&outbox, "a", 1);
        put(&outbox, "a", 2);
        put(&outbox, "b", 3);
        let sending = outbox.take(at(1)).unwrap();
        assert_eq!(outbox.cancel("a"), 2);
        outbox.note(&sending, at(1), None, Next::Again(at(5)));
        assert_eq!(outbox.take(at(9)).unwrap().id, 3);
        assert!(outbox.take(at(9)).is_none());
    }

    #[test]
    fn the_oldest_of_the_settled_are_forgotten() {
        let outbox = Outbox::default();
        put(&outbox, "waits", 1);
        for _ in 0..REMEMBERED + 5 {
            put(&outbox, "a", 0);
            let taken = outbox.take(at(0)).unwrap();
            outbox.note(&taken, at(0), Some(200), Next::Settled(State::Delivered));
        }
        let all = outbox.latest(usize::MAX);
        assert_eq!(all.len(), REMEMBERED);
        assert_eq!(all[0].state, State::Waiting);
    }
}

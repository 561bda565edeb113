//! How rings reach the cloud, by themselves or because somebody wants it, and who is told what that brings.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    Oura,
    account::Account,
    changes::{Change, Days, Happening, Known},
    collection::Collection,
    webhooks::DELAY,
};
use crate::person::Person;

/// Once in so many moments the ring is asked to sync, which revises yesterday; otherwise its person takes a few steps.
const ASKED_EVERY: u64 = 30;
/// The first time comes soon, for who has just begun to watch.
const FIRST_ASKED: u64 = 2;

/// What a ring's reaching the cloud brings.
struct News {
    /// When it reached the cloud.
    at: Timestamp,
    changes: Vec<Change>,
}

impl Oura {
    /// Lets the ring reach the cloud now; says what is new and what was revised.
    pub(super) fn asked_sync(&self, account: &Account, delay: Duration) -> Value {
        let now = self.clock.now();
        self.syncs_by_themselves(account, now);
        let Some(person) = account.person() else {
            return json!({ "synced_at": null, "new": [], "revised": [], "webhooks": 0 });
        };
        let news = news(account, person, now, || person.sync(now));
        let told = |happening| {
            let such = news.changes.iter().filter(move |change| change.happening == happening);
            such.map(|change| json!({ "collection": change.collection.name(), "id": change.id })).collect::<Vec<_>>()
        };
        let webhooks = self.teller().tell(account, &news.changes, news.at, after(now, delay));
        json!({
            "synced_at": now.to_string(),
            "new": told(Happening::Create),
            "revised": told(Happening::Update),
            "webhooks": webhooks,
        })
    }

    /// Lets something small happen, once the person has let somebody read.
    pub(super) fn small_thing(&self, account: &Account, moment: u64) {
        self.obey();
        let Some(person) = account.person().filter(|_| self.book.has_granted(&account.id, &[])) else { return };
        if moment % ASKED_EVERY == FIRST_ASKED {
            self.asked_sync(account, Duration::ZERO);
            return;
        }
        let now = self.clock.now();
        self.syncs_by_themselves(account, now);
        let news = news(account, person, now, || person.stroll(now));
        self.teller().tell(account, &news.changes, news.at, now);
    }

    /// Takes a document away.
    pub(super) fn take_away(&self, account: &Account, collection: Collection, id: &str, delay: Duration) -> bool {
        let now = self.clock.now();
        let there = account.remove(collection, id, now);
        if there {
            let change = Change { collection, id: id.to_owned(), happening: Happening::Delete };
            self.teller().tell(account, &[change], now, after(now, delay));
        }
        there
    }

    /// Tells what the ring has brought by itself; says when it will sync next.
    pub(super) fn syncs_by_themselves(&self, account: &Account, now: Timestamp) -> Option<Timestamp> {
        let person = account.person()?;
        let known_until = person.known_until(now);
        if self.subscriptions.are_none(now) {
            account.told(|until| *until = known_until);
        } else if account.told(|until| *until < known_until) {
            self.obey();
            let news = news(account, person, now, || ());
            self.teller().tell(account, &news.changes, news.at, news.at + DELAY);
        }
        person.next_sync_by_itself(now)
    }
}

/// What something that happens brings to the cloud, with what came by itself and was not told yet.
fn news(account: &Account, person: &Person, now: Timestamp, happens: impl FnOnce()) -> News {
    account.told(|told_until| {
        let days = Days::between(person, *told_until, now);
        let before = Known::of(account, person, days, *told_until);
        happens();
        let at = person.known_until(now);
        let changes = before.changes_to(&Known::of(account, person, days, at));
        *told_until = at;
        News { at, changes }
    })
}

fn after(now: Timestamp, delay: Duration) -> Timestamp {
    SignedDuration::try_from(delay).ok().and_then(|delay| now.checked_add(delay).ok()).unwrap_or(Timestamp::MAX)
}

//! What changes at Oura when a ring reaches the cloud: documents that are new, revised or no longer there.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};
use serde_json::Value;

use super::{
    account::Account,
    collection::{Collection, Shape},
    documents::{self, Document, Telling},
};
use crate::person::{Person, day_number, numbered_day};

/// After a longer silence only the latest days are compared.
const MOST_DAYS: i32 = 60;
/// A time of rest grows until the person is well again.
const LONGEST_REST: i32 = 14;

/// What has happened to a document, in the words of webhooks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Happening {
    Create,
    Update,
    Delete,
}

impl Happening {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A document that has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Change {
    pub(super) collection: Collection,
    pub(super) id: String,
    pub(super) happening: Happening,
}

/// The days whose documents may have changed between two instants: a day is revised on the next.
#[derive(Clone, Copy)]
pub(super) struct Days {
    first: i32,
    last: i32,
}

impl Days {
    pub(super) fn between(person: &Person, since: Timestamp, now: Timestamp) -> Self {
        let last = day_number(person.date_of(now));
        Self { first: (day_number(person.date_of(since)) - 1).max(last - MOST_DAYS), last }
    }

    fn of(self, person: &Person, collection: Collection) -> impl Iterator<Item = Date> {
        let back = if collection == Collection::RestModePeriod { LONGEST_REST } else { 0 };
        let first = (self.first - back).max(day_number(person.first_day));
        (first..=self.last).filter_map(numbered_day)
    }
}

/// What is known of some days at an instant, by the documents' identities.
pub(super) struct Known(HashMap<String, (Collection, Value)>);

impl Known {
    /// What an account's documents say as known until an instant.
    pub(super) fn of(account: &Account, person: &Person, days: Days, until: Timestamp) -> Self {
        let mut known = HashMap::new();
        for collection in Collection::all().filter(|collection| collection.shape() == Shape::Dated) {
            let telling = |date| Telling { person, date, known_until: until };
            let documents = days.of(person, collection).flat_map(|date| documents::of_day(telling(date), collection));
            let kept = documents.filter(|document| account.keeps(document));
            known.extend(kept.filter_map(|Document { id, json, .. }| Some((id?, (collection, json)))));
        }
        Self(known)
    }

    /// What has changed from this to a later one, in the order of collections.
    pub(super) fn changes_to(&self, later: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (id, (collection, json)) in &later.0 {
            let happening = match self.0.get(id) {
                None => Happening::Create,
                Some((_, earlier)) if earlier != json => Happening::Update,
                Some(_) => continue,
            };
            changes.push(Change { collection: *collection, id: id.clone(), happening });
        }
        for (id, (collection, _)) in self.0.iter().filter(|(id, _)| !later.0.contains_key(*id)) {
            changes.push(Change { collection: *collection, id: id.clone(), happening: Happening::Delete });
        }
        changes.sort_by(|one, other| (one.collection.name(), &one.id).cmp(&(other.collection.name(), &other.id)));
        changes
    }
}

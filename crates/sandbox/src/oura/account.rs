//! An account at Oura and where its documents come from: a living person, or recorded answers.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value, json};

use super::{
    collection::Collection,
    documents::{self, Document, Telling},
    recorded::Recorded,
    window::Window,
};
use crate::person::{Person, day_number, numbered_day};

/// An account.
pub(super) struct Account {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) source: Source,
    /// What the person has taken away, by its identity.
    removed: Mutex<HashSet<String>>,
    /// Up to when it was told what the ring has brought.
    told_until: Mutex<Timestamp>,
}

/// Where an account's documents come from.
pub(super) enum Source {
    Living(Person),
    Recorded(Recorded),
}

impl Account {
    pub(super) fn living(person: Person, now: Timestamp) -> Self {
        let (id, name) = (documents::account_id(&person), person.traits.name.to_owned());
        let told_until = Mutex::new(person.known_until(now));
        Self { id, name, source: Source::Living(person), removed: Mutex::default(), told_until }
    }

    /// Recorded answers keep the identity they were recorded with, or borrow one.
    pub(super) fn recorded(recorded: Recorded, borrowed: String) -> Self {
        let id = recorded.account_id().unwrap_or(borrowed);
        let (name, source) = ("Recorded".to_owned(), Source::Recorded(recorded));
        Self { id, name, source, removed: Mutex::default(), told_until: Mutex::default() }
    }

    /// What a collection has in a window, in the order of time; the search ends once there is enough.
    pub(super) fn find(&self, collection: Collection, window: &Window, now: Timestamp, enough: usize) -> Vec<Document> {
        let found: Vec<Document> = match &self.source {
            Source::Recorded(recorded) => recorded.all(collection).to_vec(),
            Source::Living(person) if collection == Collection::RingConfiguration => documents::rings(person),
            Source::Living(person) => return self.live(person, collection, window, now, enough),
        };
        found.into_iter().filter(|each| window.holds(each.at) && self.keeps(each)).take(enough).collect()
    }

    /// The newest of a collection in a window.
    pub(super) fn newest(&self, collection: Collection, window: &Window, now: Timestamp) -> Option<Document> {
        let Source::Living(person) = &self.source else { return self.find(collection, window, now, usize::MAX).pop() };
        let known_until = person.known_until(now);
        let of_day = |date| documents::of_day(Telling { person, date, known_until }, collection);
        let newest = |date| of_day(date).into_iter().rfind(|document| window.holds(document.at));
        days(person, window, known_until).rev().find_map(newest)
    }

    /// One document.
    pub(super) fn document(&self, collection: Collection, id: &str, now: Timestamp) -> Option<Value> {
        let all = match &self.source {
            Source::Recorded(recorded) => recorded.all(collection).to_vec(),
            Source::Living(person) if collection == Collection::RingConfiguration => documents::rings(person),
            Source::Living(person) => {
                let date = documents::day_of(person, collection.name(), id).filter(|date| *date >= person.first_day)?;
                documents::of_day(Telling { person, date, known_until: person.known_until(now) }, collection)
            }
        };
        let found = all.into_iter().find(|document| document.id.as_deref() == Some(id) && self.keeps(document));
        found.map(|document| document.json)
    }

    /// Takes a document away. Whether it was there.
    pub(super) fn remove(&self, collection: Collection, id: &str, now: Timestamp) -> bool {
        let there = self.document(collection, id, now).is_some();
        if there {
            self.removed.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        }
        there
    }

    /// Whether a document is still there.
    pub(super) fn keeps(&self, document: &Document) -> bool {
        let removed = self.removed.lock().unwrap_or_else(PoisonError::into_inner);
        document.id.as_ref().is_none_or(|id| !removed.contains(id))
    }

    /// Does something with the instant up to which everything was told; nobody else does meanwhile.
    pub(super) fn told<T>(&self, work: impl FnOnce(&mut Timestamp) -> T) -> T {
        work(&mut self.told_until.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The person, unless the answers were recorded.
    pub(super) fn person(&self) -> Option<&Person> {
        match &self.source {
            Source::Living(person) => Some(person),
            Source::Recorded(_) => None,
        }
    }

    /// Goes through the days of a window.
    fn live(
        &self,
        person: &Person,
        collection: Collection,
        window: &Window,
        now: Timestamp,
        enough: usize,
    ) -> Vec<Document> {
        let known_until = person.known_until(now);
        let mut found = Vec::new();
        for date in days(person, window, known_until) {
            let of_day = documents::of_day(Telling { person, date, known_until }, collection);
            found.extend(of_day.into_iter().filter(|each| window.holds(each.at) && self.keeps(each)));
            if found.len() >= enough {
                break;
            }
        }
        found
    }

    /// What is known of the person whatever the day.
    pub(super) fn personal_info(&self) -> Map<String, Value> {
        match &self.source {
            Source::Living(person) => documents::personal_info(person),
            Source::Recorded(recorded) => {
                let mut told = recorded.personal_info().cloned().unwrap_or_default();
                told.insert("id".to_owned(), json!(self.id));
                told
            }
        }
    }
}

/// The days that may have something in a window: a night begins on the evening before its day, and the midnight of
/// UTC may lie on either side of the person's.
fn days(person: &Person, window: &Window, known_until: Timestamp) -> impl DoubleEndedIterator<Item = Date> {
    let from = window.after.map_or(window.from, |mark| mark.at.max(window.from));
    let first = if from == Timestamp::MIN { person.first_day } else { person.date_of(from) };
    let first = day_number(first).saturating_sub(1).max(day_number(person.first_day));
    let last = day_number(person.date_of(window.to.min(known_until))).saturating_add(1);
    (first..=last).filter_map(numbered_day)
}

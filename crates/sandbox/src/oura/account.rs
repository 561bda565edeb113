//! An account at Oura and where its documents come from: a living person, or recorded answers.

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value, json};

use super::{
    collection::{Collection, Shape},
    documents::{self, Document, Telling},
    query::Window,
    recorded::Recorded,
};
use crate::person::{Person, day_number, numbered_day};

/// An account.
pub(super) struct Account {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) source: Source,
}

/// Where an account's documents come from.
pub(super) enum Source {
    Living(Person),
    Recorded(Recorded),
}

impl Account {
    pub(super) fn living(person: Person) -> Self {
        Self { id: documents::account_id(&person), name: person.traits.name.to_owned(), source: Source::Living(person) }
    }

    /// Recorded answers keep the identity they were recorded with, or borrow one.
    pub(super) fn recorded(recorded: Recorded, borrowed: String) -> Self {
        let id = recorded.account_id().unwrap_or(borrowed);
        Self { id, name: "Recorded".to_owned(), source: Source::Recorded(recorded) }
    }

    /// What a collection has in a window, in the order of time; the search ends once there is enough.
    pub(super) fn find(&self, collection: Collection, window: &Window, now: Timestamp, enough: usize) -> Vec<Document> {
        let found: Vec<Document> = match &self.source {
            Source::Recorded(recorded) => recorded.all(collection).to_vec(),
            Source::Living(person) if collection == Collection::RingConfiguration => documents::rings(person),
            Source::Living(person) => return live(person, collection, window, now, enough),
        };
        found.into_iter().filter(|document| window.holds(document.at)).take(enough).collect()
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
        all.into_iter().find(|document| document.id.as_deref() == Some(id)).map(|document| document.json)
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

    /// Lets the ring reach the cloud now; says what is new and what was revised.
    pub(super) fn sync(&self, now: Timestamp) -> Value {
        let Source::Living(person) = &self.source else {
            return json!({ "synced_at": null, "new": [], "revised": [] });
        };
        let before = recent(person, now);
        person.sync(now);
        let (mut new, mut revised) = (Vec::new(), Vec::new());
        for (collection, document) in recent(person, now) {
            let Some(id) = &document.id else { continue };
            let known = before.iter().find(|(_, earlier)| earlier.id.as_deref() == Some(id));
            let told = json!({ "collection": collection.name(), "id": id });
            match known {
                None => new.push(told),
                Some((_, earlier)) if earlier.json != document.json => revised.push(told),
                Some(_) => {}
            }
        }
        json!({ "synced_at": now.to_string(), "new": new, "revised": revised })
    }
}

/// The documents of yesterday and today.
fn recent(person: &Person, now: Timestamp) -> Vec<(Collection, Document)> {
    let today = person.date_of(now);
    let known_until = person.known_until(now);
    let dates = [today.yesterday().unwrap_or(today), today];
    Collection::all()
        .filter(|collection| collection.shape() == Shape::Dated)
        .flat_map(|collection| dates.map(|date| (collection, Telling { person, date, known_until })))
        .flat_map(|(collection, telling)| {
            documents::of_day(telling, collection).into_iter().map(move |each| (collection, each))
        })
        .collect()
}

/// Goes through the days of a window.
fn live(person: &Person, collection: Collection, window: &Window, now: Timestamp, enough: usize) -> Vec<Document> {
    let known_until = person.known_until(now);
    let mut found = Vec::new();
    for date in days(person, window, known_until) {
        let of_day = documents::of_day(Telling { person, date, known_until }, collection);
        found.extend(of_day.into_iter().filter(|document| window.holds(document.at)));
        if found.len() >= enough {
            break;
        }
    }
    found
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

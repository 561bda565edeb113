//! A person's life as Oura tells it: one file per family of collections.

mod activity;
mod identity;
mod moments;
mod readiness;
mod ring;
mod series;
mod sleep;
mod sleep_score;
mod wellness;
mod write;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Map, Value, json};

pub(super) use self::identity::{account_id, day_of};
use super::collection::Collection;
use crate::person::Person;

/// A document or row, with the instant by which windows choose it.
///
/// Oura: the filter is on a timestamp rather than on `day`, a date means its midnight and both ends count. Therefore
/// `end_date=D` still finds the scores of day D (stamped at its midnight) but neither its activity (stamped at four in
/// the morning) nor, for who goes to bed after midnight, its sleep (stamped at bedtime).
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// The earliest instant there is, if it has none.
    pub(super) at: Timestamp,
    pub(super) id: Option<String>,
    pub(super) json: Value,
}

impl Document {
    fn new(at: Timestamp, json: Value) -> Self {
        let id = json.get("id").and_then(Value::as_str).map(str::to_owned);
        Self { at, id, json }
    }
}

/// Whose day is told, and as known until when.
#[derive(Clone, Copy)]
pub(super) struct Telling<'a> {
    pub(super) person: &'a Person,
    pub(super) date: Date,
    pub(super) known_until: Timestamp,
}

impl Telling<'_> {
    /// The midnight by which Oura stamps a day's scores: in UTC, whatever the person's zone.
    fn midnight(&self) -> Timestamp {
        TimeZone::UTC.to_timestamp(self.date.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN)
    }

    fn revision(&self) -> u32 {
        self.person.revision(self.date, self.known_until)
    }

    fn knows(&self, at: Timestamp) -> bool {
        at <= self.known_until
    }
}

/// What a collection has of a day, in the order of time.
pub(super) fn of_day(telling: Telling<'_>, collection: Collection) -> Vec<Document> {
    let mut documents = match collection {
        Collection::DailyActivity => activity::daily(telling).into_iter().collect(),
        Collection::DailyReadiness => readiness::daily(telling).into_iter().collect(),
        Collection::DailySleep => sleep_score::daily(telling).into_iter().collect(),
        Collection::Sleep => sleep::periods(telling),
        Collection::SleepTime => wellness::bedtime(telling).into_iter().collect(),
        Collection::DailySpo2 => wellness::oxygen(telling).into_iter().collect(),
        Collection::DailyStress => wellness::stress(telling).into_iter().collect(),
        Collection::DailyResilience => wellness::resilience(telling).into_iter().collect(),
        Collection::DailyCardiovascularAge => wellness::vascular_age(telling).into_iter().collect(),
        Collection::Vo2Max => wellness::oxygen_uptake(telling).into_iter().collect(),
        Collection::RestModePeriod => wellness::rest_mode(telling).into_iter().collect(),
        Collection::Workout => moments::workouts(telling),
        Collection::Session => moments::sessions(telling),
        Collection::EnhancedTag => moments::enhanced_tags(telling),
        Collection::Tag => moments::tags(telling),
        Collection::HeartRate => series::heart_rate(telling),
        Collection::RingBatteryLevel => series::battery(telling),
        Collection::RingConfiguration | Collection::PersonalInfo => Vec::new(),
    };
    documents.sort_by_key(|document| document.at);
    documents
}

/// The rings a person has worn.
pub(super) fn rings(person: &Person) -> Vec<Document> {
    ring::configurations(person)
}

/// What Oura knows of a person whatever the day.
pub(super) fn personal_info(person: &Person) -> Map<String, Value> {
    let traits = &person.traits;
    let told = json!({
        "id": account_id(person),
        "age": traits.age,
        "weight": traits.weight_kg,
        "height": traits.height_m,
        "biological_sex": traits.sex,
        "email": traits.email,
    });
    told.as_object().cloned().unwrap_or_default()
}

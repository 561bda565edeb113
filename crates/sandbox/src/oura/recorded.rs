//! Recorded answers, served instead of generated ones: `DIR/oura/<collection>.json`.

use std::{collections::HashMap, fs, io, path::Path};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Map, Value};

use super::{
    collection::{Collection, Shape},
    documents::Document,
    window::moment,
};
use crate::Error;

/// What was recorded. A collection without a file is empty.
#[derive(Default)]
pub(super) struct Recorded {
    documents: HashMap<Collection, Vec<Document>>,
    personal_info: Option<Map<String, Value>>,
}

impl Recorded {
    /// Reads a folder of recorded answers.
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let folder = folder.join("oura");
        let listing = fs::read_dir(&folder).map_err(|source| Error::Unreadable { path: folder.clone(), source })?;
        for entry in listing.filter_map(Result::ok) {
            let path = entry.path();
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            if path.extension().is_some_and(|ending| ending == "json") && Collection::named(name).is_none() {
                tracing::warn!(file = %path.display(), "not served: no collection of Oura has this name");
            }
        }
        let mut recorded = Self::default();
        for collection in Collection::all() {
            let path = folder.join(format!("{}.json", collection.name()));
            if let Some(answer) = read_json(&path)? {
                recorded.keep(collection, answer).map_err(|problem| Error::NotAnAnswer { path, problem })?;
            }
        }
        recorded.date_bedtimes();
        Ok(recorded)
    }

    fn keep(&mut self, collection: Collection, answer: Value) -> Result<(), &'static str> {
        if collection.shape() == Shape::Person {
            self.personal_info = Some(person(answer)?);
            return Ok(());
        }
        let list = match answer {
            Value::Array(list) => list,
            Value::Object(mut envelope) => match envelope.remove("data") {
                Some(Value::Array(list)) => list,
                Some(_) => return Err("\"data\" is not a list"),
                None => return Err("it has no \"data\""),
            },
            _ => return Err("it is neither an answer with \"data\" nor a list of documents"),
        };
        let mut documents: Vec<Document> = list.into_iter().map(|json| document(collection, json)).collect();
        documents.sort_by_key(|document| document.at);
        self.documents.insert(collection, documents);
        Ok(())
    }

    /// `sleep_time` has no timestamp and goes by the bedtime of its day, as far as one was recorded.
    fn date_bedtimes(&mut self) {
        let day = |document: &Document| document.json["day"].as_str().map(str::to_owned);
        let nights = self.all(Collection::Sleep).iter().filter(|night| night.json["type"] == "long_sleep");
        let bedtimes: HashMap<String, Timestamp> = nights.filter_map(|night| Some((day(night)?, night.at))).collect();
        let Some(guidance) = self.documents.get_mut(&Collection::SleepTime) else { return };
        for document in guidance.iter_mut() {
            if let Some(bedtime) = day(document).and_then(|day| bedtimes.get(&day)) {
                document.at = *bedtime;
            }
        }
        guidance.sort_by_key(|document| document.at);
    }

    pub(super) fn all(&self, collection: Collection) -> &[Document] {
        self.documents.get(&collection).map_or(&[], Vec::as_slice)
    }

    pub(super) fn personal_info(&self) -> Option<&Map<String, Value>> {
        self.personal_info.as_ref()
    }

    /// The account that was recorded.
    pub(super) fn account_id(&self) -> Option<String> {
        self.personal_info.as_ref()?.get("id")?.as_str().map(str::to_owned)
    }
}

fn read_json(path: &Path) -> Result<Option<Value>, Error> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Unreadable { path: path.to_owned(), source }),
    };
    serde_json::from_slice(&text).map(Some).map_err(|source| Error::NotJson { path: path.to_owned(), source })
}

fn person(answer: Value) -> Result<Map<String, Value>, &'static str> {
    let one = match answer {
        Value::Array(list) => list.into_iter().next().unwrap_or_default(),
        other => other,
    };
    match one {
        Value::Object(person) => Ok(person),
        _ => Err("personal_info is not an object"),
    }
}

/// A recorded document. One that does not say when it was lies in every window: a bad document must reach the client.
fn document(collection: Collection, json: Value) -> Document {
    let at = match collection {
        Collection::RingConfiguration => None,
        Collection::DailyReadiness | Collection::DailySleep | Collection::DailyActivity | Collection::Vo2Max => {
            instant(&json, "timestamp").or_else(|| midnight(&json, "day"))
        }
        Collection::HeartRate | Collection::RingBatteryLevel | Collection::Tag => instant(&json, "timestamp"),
        Collection::Sleep => instant(&json, "bedtime_start"),
        Collection::Workout | Collection::Session => instant(&json, "start_datetime"),
        Collection::EnhancedTag => instant(&json, "start_time"),
        Collection::RestModePeriod => instant(&json, "start_time").or_else(|| midnight(&json, "start_day")),
        _ => midnight(&json, "day"),
    };
    let id = json.get("id").and_then(Value::as_str).map(str::to_owned);
    Document { at: at.unwrap_or(Timestamp::MIN), id, json }
}

fn instant(json: &Value, field: &str) -> Option<Timestamp> {
    moment(json.get(field)?.as_str()?).ok()
}

fn midnight(json: &Value, field: &str) -> Option<Timestamp> {
    let date: Date = json.get(field)?.as_str()?.parse().ok()?;
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

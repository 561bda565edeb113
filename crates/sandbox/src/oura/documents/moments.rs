//! What happens at a time of the day: workouts, sessions, tags.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Document, Telling, identity, write};
use crate::person::{Bout, Tag};

/// `workout`, once it is over. Oura: offsets may be mixed within one answer.
pub(super) fn workouts(telling: Telling<'_>) -> Vec<Document> {
    let Telling { person, date, .. } = telling;
    let day = person.day(date);
    let mut documents = Vec::new();
    for (place, bout) in day.bouts.iter().enumerate().filter(|(_, bout)| telling.knows(bout.end)) {
        let abroad = person.fate.dice(date, "workout offset").chance(0.08);
        let stamp = |at: Timestamp| if abroad { write::utc(at) } else { write::local(person, at) };
        let hours = bout.end.duration_since(bout.start).as_secs() as f64 / 3600.0;
        let json = json!({
            "id": identity::id(person, "workout", date, place),
            "activity": bout.activity,
            "calories": write::rounded((bout.met - 1.0) * person.traits.weight_kg * hours, 3),
            "day": date.to_string(),
            "distance": bout.metres.map(|metres| write::rounded(metres, 2)),
            "end_datetime": stamp(bout.end),
            "intensity": intensity(bout),
            "label": bout.label,
            "source": bout.source,
            "start_datetime": stamp(bout.start),
        });
        documents.push(Document::new(bout.start, json));
    }
    documents
}

fn intensity(bout: &Bout) -> &'static str {
    match bout.met {
        met if met < 4.2 => "easy",
        met if met < 8.0 => "moderate",
        _ => "hard",
    }
}

/// `session`, once it is over.
pub(super) fn sessions(telling: Telling<'_>) -> Vec<Document> {
    let Telling { person, date, .. } = telling;
    let day = person.day(date);
    let mut documents = Vec::new();
    for (place, calm) in day.calms.iter().enumerate().filter(|(_, calm)| telling.knows(calm.end)) {
        let mut dice = person.fate.dice(date, "session");
        let count = calm.end.duration_since(calm.start).as_secs() / 5 + 1;
        let measured = calm.kind != "breathing";
        // The sensor needs a moment before it is sure.
        let mut trace = |mean: f64, spread: f64, warm_up: i64| {
            let items: Vec<_> = (0..count)
                .map(|step| (step >= warm_up).then(|| write::rounded(dice.around(mean, spread), 1)))
                .collect();
            write::sample(person, calm.start, 5.0, items)
        };
        let json = json!({
            "id": identity::id(person, "session", date, place),
            "day": date.to_string(),
            "start_datetime": write::local(person, calm.start),
            "end_datetime": write::local(person, calm.end),
            "type": calm.kind,
            "heart_rate": measured.then(|| trace(person.traits.resting_heart_rate + 7.0, 5.0, 4)),
            "heart_rate_variability": measured.then(|| trace(person.traits.hrv_ms, 12.0, 9)),
            "mood": calm.mood,
            "motion_count": trace(6.0, 6.0, 0),
        });
        documents.push(Document::new(calm.start, json));
    }
    documents
}

/// `enhanced_tag`; a tag is added whenever somebody makes the ring sync.
pub(super) fn enhanced_tags(telling: Telling<'_>) -> Vec<Document> {
    let Telling { person, date, .. } = telling;
    let day = person.day(date);
    let noted = day.tags.iter().enumerate().filter(|(_, tag)| telling.knows(tag.end.unwrap_or(tag.start)));
    let noted = noted.map(|(place, tag)| Document::new(tag.start, enhanced(telling, tag, place)));
    let at_sync =
        person.syncs().into_iter().filter(|sync| person.date_of(*sync) == date && telling.knows(*sync)).enumerate();
    let at_sync = at_sync.map(|(place, sync)| {
        let start = sync.round(jiff::Unit::Second).unwrap_or(sync);
        let tag = Tag { code: Some("tag_generic_stretching"), custom_name: None, comment: Some(""), start, end: None };
        Document::new(start, enhanced(telling, &tag, 100 + place))
    });
    noted.chain(at_sync).collect()
}

fn enhanced(telling: Telling<'_>, tag: &Tag, place: usize) -> Value {
    let person = telling.person;
    json!({
        "id": identity::id(person, "enhanced_tag", telling.date, place),
        "tag_type_code": tag.code,
        "start_time": write::local(person, tag.start),
        "end_time": tag.end.map(|end| write::local(person, end)),
        "start_day": telling.date.to_string(),
        "end_day": tag.end.map(|end| person.date_of(end).to_string()),
        "comment": tag.comment,
        "custom_name": tag.custom_name,
    })
}

/// `tag`, the older form of those that say something.
pub(super) fn tags(telling: Telling<'_>) -> Vec<Document> {
    let Telling { person, date, .. } = telling;
    let day = person.day(date);
    let told = |tag: &&Tag| tag.comment.is_some_and(|comment| !comment.is_empty()) && telling.knows(tag.start);
    let document = |(place, tag): (usize, &Tag)| {
        let json = json!({
            "id": identity::id(person, "tag", date, place),
            "day": date.to_string(),
            "text": tag.comment,
            "timestamp": write::local(person, tag.start),
            "tags": tag.code.into_iter().collect::<Vec<_>>(),
        });
        Document::new(tag.start, json)
    };
    day.tags.iter().filter(told).enumerate().map(document).collect()
}

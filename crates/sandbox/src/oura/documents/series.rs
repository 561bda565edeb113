//! The rows without identity: heart rate and battery.

use serde_json::json;

use super::{Document, Telling, write};
use crate::person::{Doing, beats};

/// `heartrate`.
pub(super) fn heart_rate(telling: Telling<'_>) -> Vec<Document> {
    let rows = beats(telling.person, telling.date).into_iter().filter(|beat| telling.knows(beat.at));
    rows.map(|beat| {
        let json = json!({
            "timestamp": write::utc(beat.at),
            "timestamp_unix": beat.at.as_millisecond(),
            "bpm": beat.bpm,
            "source": source(beat.doing),
        });
        Document::new(beat.at, json)
    })
    .collect()
}

fn source(doing: Doing) -> &'static str {
    match doing {
        Doing::Awake => "awake",
        Doing::Asleep => "sleep",
        Doing::Resting => "rest",
        Doing::Training => "workout",
        Doing::Session => "session",
    }
}

/// `ring_battery_level`.
pub(super) fn battery(telling: Telling<'_>) -> Vec<Document> {
    let rows = telling.person.charges(telling.date).into_iter().filter(|charge| telling.knows(charge.at));
    rows.map(|charge| {
        let json = json!({
            "timestamp": write::utc(charge.at),
            "timestamp_unix": charge.at.as_millisecond(),
            "charging": charge.charging,
            "in_charger": charge.in_charger,
            "level": charge.level,
        });
        Document::new(charge.at, json)
    })
    .collect()
}

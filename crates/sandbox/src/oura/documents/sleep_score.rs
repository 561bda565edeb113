//! `daily_sleep`: how well the night was.

use serde_json::{Value, json};

use super::{Document, Telling, identity, write};
use crate::person::{Day, Phase};

/// The score of a night with what went into it.
pub(super) struct SleepScore {
    pub(super) score: i64,
    contributors: Value,
}

/// The day's document, once its night is over and known.
pub(super) fn daily(telling: Telling<'_>) -> Option<Document> {
    let day = telling.person.day(telling.date);
    if !telling.knows(day.night.rise) {
        return None;
    }
    let told = of_night(telling, &day);
    let json = json!({
        "id": identity::id(telling.person, "daily_sleep", telling.date, 0),
        "contributors": told.contributors,
        "day": telling.date.to_string(),
        "score": told.score,
        "timestamp": write::utc(telling.midnight()),
    });
    Some(Document::new(telling.midnight(), json))
}

/// Scores a night.
pub(super) fn of_night(telling: Telling<'_>, day: &Day) -> SleepScore {
    let night = &day.night;
    let hours = |seconds: i64| seconds as f64 / 3600.0;
    let middle = telling.person.local(telling.date, 200.0).duration_since(night.middle()).as_secs() as f64 / 60.0;
    let minutes_awake_first = night.latency as f64 / 60.0;
    let stirred = night.restless_periods() as f64 / hours(night.seconds_in_bed());
    let total_sleep = write::score((hours(night.seconds_asleep()) - 3.9) / 4.3 * 100.0);
    let efficiency = write::score((night.efficiency() as f64 - 62.0) / 34.0 * 100.0);
    let latency = write::score(100.0 - (minutes_awake_first - 14.0).abs() * 2.5);
    let rem_sleep = write::score(hours(night.seconds_in(Phase::Rem)) / 2.25 * 100.0);
    let deep_sleep = write::score(hours(night.seconds_in(Phase::Deep)) / 1.7 * 100.0);
    let timing = write::score(100.0 - (middle.abs() - 30.0).max(0.0) * 0.7);
    let restfulness = write::score(114.0 - stirred * 5.0 + f64::from(shift(telling, "restfulness")));
    let weighed = [
        (total_sleep, 0.35),
        (efficiency, 0.1),
        (latency, 0.1),
        (rem_sleep, 0.14),
        (deep_sleep, 0.12),
        (timing, 0.09),
        (restfulness, 0.1),
    ];
    SleepScore {
        score: revised(telling, "daily_sleep", weighed.iter().map(|(value, weight)| *value as f64 * weight).sum()),
        contributors: json!({
            "deep_sleep": deep_sleep,
            "efficiency": efficiency,
            "latency": latency,
            "rem_sleep": rem_sleep,
            "restfulness": restfulness,
            "timing": timing,
            "total_sleep": total_sleep,
        }),
    }
}

/// A score as it stands after the day's revisions: each one moves it, to the other side than the last.
pub(super) fn revised(telling: Telling<'_>, what: &str, score: f64) -> i64 {
    let shift = i64::from(shift(telling, what));
    let first = write::score(score).clamp(4, 97);
    first + shift
}

/// How far the latest revision of a day moves something: not at all before the first.
pub(super) fn shift(telling: Telling<'_>, what: &str) -> i32 {
    let revision = telling.revision();
    if revision == 0 {
        return 0;
    }
    let size = telling.person.fate.dice(telling.date, &format!("{what} shift")).whole(1, 3) as i32;
    if revision.is_multiple_of(2) { -size } else { size }
}

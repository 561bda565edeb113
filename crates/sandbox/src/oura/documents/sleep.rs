//! `sleep`: every period in bed, the night first.

use serde_json::{Value, json};

use super::{Document, Telling, identity, readiness, sleep_score::shift, write};
use crate::person::{Day, Night, Phase, Rest, mean};

/// The periods of a day that are over and known.
pub(super) fn periods(telling: Telling<'_>) -> Vec<Document> {
    let day = telling.person.day(telling.date);
    std::iter::once(&day.night)
        .chain(&day.naps)
        .enumerate()
        .filter(|(_, night)| telling.knows(night.rise))
        .map(|(place, night)| Document::new(night.bed, period(telling, &day, night, place)))
        .collect()
}

fn period(telling: Telling<'_>, day: &Day, night: &Night, place: usize) -> Value {
    let person = telling.person;
    let is_night = night.rest == Rest::Night;
    let lowest = night.heart.iter().flatten().copied().reduce(f64::min);
    let revised = is_night && telling.revision() > 0;
    let moved = if is_night { i64::from(shift(telling, "restfulness")) } else { 0 };
    let phases = five_minutes(&night.phases);
    let analysis = if revised { "background_created_foreground_updated" } else { "foreground_sleep_analysis" };
    json!({
        "id": identity::id(person, "sleep", telling.date, place),
        "average_breath": night.breath,
        "average_heart_rate": mean(&night.heart).map(|bpm| write::rounded(bpm * 8.0, 0) / 8.0),
        "average_hrv": mean(&night.hrv).map(|hrv| hrv.round() as i64),
        "awake_time": night.seconds_in(Phase::Awake),
        "bedtime_end": write::local(person, night.rise),
        "bedtime_start": write::local(person, night.bed),
        "day": telling.date.to_string(),
        "deep_sleep_duration": night.seconds_in(Phase::Deep),
        "efficiency": night.efficiency(),
        "heart_rate": write::sample(person, night.bed, 300.0, night.heart.iter().copied()),
        "hrv": write::sample(person, night.bed, 300.0, night.hrv.iter().copied()),
        "latency": night.latency,
        "light_sleep_duration": night.seconds_in(Phase::Light),
        "low_battery_alert": false,
        // Oura: taken from 30-second samples, so it may lie below every five-minute item.
        "lowest_heart_rate": lowest.map(|bpm| bpm as i64 - 1),
        "movement_30_sec": digits(night.movement.iter().copied()),
        "period": place,
        "readiness": is_night.then(|| readiness::of_night_as_told(telling, day)),
        "readiness_score_delta": 0,
        "rem_sleep_duration": night.seconds_in(Phase::Rem),
        "restless_periods": (night.restless_periods() - moved).max(0),
        "ring_id": identity::lasting(person, "ring 1"),
        "sleep_algorithm_version": "v2",
        "sleep_analysis_reason": analysis,
        "sleep_phase_30_sec": digits(night.phases.iter().map(|phase| *phase as u8)),
        "sleep_phase_5_min": phases,
        "app_sleep_phase_5_min": phases,
        "sleep_score_delta": i64::from(!is_night),
        "time_in_bed": night.seconds_in_bed(),
        "total_sleep_duration": night.seconds_asleep(),
        "type": kind(night.rest),
    })
}

fn kind(rest: Rest) -> &'static str {
    match rest {
        Rest::Night => "long_sleep",
        Rest::Nap => "late_nap",
        Rest::Mistaken => "rest",
        Rest::Deleted => "deleted",
    }
}

/// The phase that most of each five minutes was spent in.
fn five_minutes(phases: &[Phase]) -> String {
    let most = |chunk: &[Phase]| {
        let count = |phase: Phase| chunk.iter().filter(|each| **each == phase).count();
        [Phase::Light, Phase::Deep, Phase::Rem, Phase::Awake].into_iter().max_by_key(|phase| count(*phase))
    };
    digits(phases.chunks(10).filter_map(most).map(|phase| phase as u8))
}

fn digits(numbers: impl Iterator<Item = u8>) -> String {
    numbers.map(|number| char::from(b'0' + number)).collect()
}

//! The small daily documents: oxygen, stress, resilience, the heart's age and capacity, bedtime, rest mode.

use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::{Document, Telling, identity, write};
use crate::person::{Form, Schedule, day_number, illness_near, numbered_day};

/// `daily_spo2`, which has no timestamp. Some nights measure nothing.
pub(super) fn oxygen(telling: Telling<'_>) -> Option<Document> {
    let mut dice = after_the_night(telling, "oxygen")?;
    let average = write::rounded(dice.around(97.0, 1.4) - telling.person.day(telling.date).form.illness, 3);
    let measured = !dice.chance(0.03);
    let json = json!({
        "id": identity::id(telling.person, "daily_spo2", telling.date, 0),
        "day": telling.date.to_string(),
        "spo2_percentage": measured.then(|| json!({ "average": average })),
        "breathing_disturbance_index": measured.then(|| dice.whole(2, 14)),
    });
    Some(Document::new(telling.midnight(), json))
}

/// `daily_stress`, in seconds; the day is summed up in the evening.
pub(super) fn stress(telling: Telling<'_>) -> Option<Document> {
    const QUARTER: i64 = 900;
    let Telling { person, date, known_until } = telling;
    let mut dice = after_the_night(telling, "stress")?;
    let day = person.day(date);
    let evening = person.local(date, 19.0 * 60.0);
    let awake = evening.duration_since(day.night.rise).as_secs().max(1) as f64;
    let passed = (known_until.min(evening).duration_since(day.night.rise).as_secs() as f64 / awake).clamp(0.0, 1.0);
    let busy = if day.form.weekend { 3.0 } else { 6.5 } - 3.0 * day.form.vigour();
    let high = (dice.around(busy, 3.0).max(0.0) * passed) as i64;
    let recovered = (dice.around(5.0 + 3.0 * day.form.vigour(), 3.0).max(0.0) * passed) as i64;
    let summary = match high - recovered {
        3.. => "stressful",
        ..=-2 => "restored",
        _ => "normal",
    };
    let json = json!({
        "id": identity::id(person, "daily_stress", date, 0),
        "day": date.to_string(),
        "stress_high": high * QUARTER,
        "recovery_high": recovered * QUARTER,
        "day_summary": (known_until >= evening).then_some(summary),
    });
    Some(Document::new(telling.midnight(), json))
}

/// `daily_resilience`: a level and three contributors, no score.
pub(super) fn resilience(telling: Telling<'_>) -> Option<Document> {
    let mut dice = after_the_night(telling, "resilience")?;
    let vigour = Form::mean(telling.person.fate, telling.date, 14, Form::vigour);
    let mut near = |value: f64| write::rounded(dice.around(value + 30.0 * vigour, 6.0).clamp(0.0, 100.0), 1);
    let parts = [near(62.0), near(58.0), near(55.0)];
    let level = match parts.iter().sum::<f64>() / 3.0 {
        mean if mean < 40.0 => "limited",
        mean if mean < 52.0 => "adequate",
        mean if mean < 64.0 => "solid",
        mean if mean < 78.0 => "strong",
        _ => "exceptional",
    };
    let json = json!({
        "id": identity::id(telling.person, "daily_resilience", telling.date, 0),
        "day": telling.date.to_string(),
        "contributors": { "sleep_recovery": parts[0], "daytime_recovery": parts[1], "stress": parts[2] },
        "level": level,
    });
    Some(Document::new(telling.midnight(), json))
}

/// `daily_cardiovascular_age`.
pub(super) fn vascular_age(telling: Telling<'_>) -> Option<Document> {
    let mut dice = after_the_night(telling, "vascular age")?;
    let habit = telling.person.fate.life("vascular age").around(-2.0, 5.0);
    let age = telling.person.traits.age as f64 + habit + dice.around(0.0, 1.5);
    let json = json!({
        "id": identity::id(telling.person, "daily_cardiovascular_age", telling.date, 0),
        "day": telling.date.to_string(),
        "pulse_wave_velocity": write::rounded(4.6 + age * 0.055, 2),
        "vascular_age": age.round() as i64,
    });
    Some(Document::new(telling.midnight(), json))
}

/// `vO2_max`: estimated about once a month.
pub(super) fn oxygen_uptake(telling: Telling<'_>) -> Option<Document> {
    let Telling { person, date, .. } = telling;
    let at = person.local(date, 18.75 * 60.0);
    let turn = person.fate.life("vO2_max turn").whole(0, 27) as i32;
    if day_number(date).rem_euclid(28) != turn || !telling.knows(at) {
        return None;
    }
    let usual = person.fate.life("vO2_max").around(43.0, 6.0);
    let json = json!({
        "id": identity::id(person, "vO2_max", date, 0),
        "day": date.to_string(),
        "timestamp": write::local(person, at),
        "vo2_max": person.fate.dice(date, "vO2_max").around(usual, 1.6).round() as i64,
    });
    Some(Document::new(at, json))
}

/// `sleep_time`: when to go to bed. It has no timestamp; recorded answers lose days at the ends as `sleep` does, so it
/// goes by the same bedtime.
pub(super) fn bedtime(telling: Telling<'_>) -> Option<Document> {
    let Telling { person, date, .. } = telling;
    let mut dice = after_the_night(telling, "bedtime")?;
    let optimal = dice.chance(0.7);
    let status = if optimal { "optimal_found" } else { "only_recommended_found" };
    let advice = *dice.pick(&["earlier_bedtime", "improve_efficiency", "earlier_wake_up_time"]);
    let recommendation = if optimal { "follow_optimal_bedtime" } else { advice };
    let start = ((person.traits.bedtime * 60.0) as i64 - 1800).div_euclid(900) * 900;
    let bed = Schedule::of(person, date).bed;
    let offset = person.zoned(bed).offset().seconds();
    let window = json!({ "day_tz": offset, "end_offset": start + 3600, "start_offset": start });
    let json = json!({
        "id": identity::id(person, "sleep_time", date, 0),
        "day": date.to_string(),
        "optimal_bedtime": optimal.then_some(window),
        "recommendation": recommendation,
        "status": status,
    });
    Some(Document::new(bed, json))
}

/// `rest_mode_period`: told on the day on which an illness began; it ends when the person is well again.
pub(super) fn rest_mode(telling: Telling<'_>) -> Option<Document> {
    let Telling { person, date, .. } = telling;
    let (first, last) = illness_near(person.fate, date);
    if day_number(date) != first {
        return None;
    }
    let end_day = numbered_day(last)?;
    let (start, end) = (person.local(date, 9.6 * 60.0), person.local(end_day, 20.25 * 60.0));
    if !telling.knows(start) {
        return None;
    }
    let episode = |back: i64| person.local(date.checked_add(back.days()).unwrap_or(date), 9.6 * 60.0);
    let episodes: Vec<_> = (0..=i64::from(last - first))
        .map(episode)
        .filter(|at| telling.knows(*at))
        .map(|at: Timestamp| json!({ "tags": ["tag_generic_sick"], "timestamp": write::local(person, at) }))
        .collect();
    let over = telling.knows(end);
    let json = json!({
        "id": identity::id(person, "rest_mode_period", date, 0),
        "end_day": over.then(|| end_day.to_string()),
        "end_time": over.then(|| write::local(person, end)),
        "episodes": episodes,
        "start_day": date.to_string(),
        "start_time": write::local(person, start),
    });
    Some(Document::new(start, json))
}

/// The dice of a document that exists once its night is over and known.
fn after_the_night(telling: Telling<'_>, purpose: &str) -> Option<crate::person::Dice> {
    let rise = Schedule::of(telling.person, telling.date).rise;
    telling.knows(rise).then(|| telling.person.fate.dice(telling.date, purpose))
}

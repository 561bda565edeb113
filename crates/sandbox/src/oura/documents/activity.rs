//! `daily_activity`: a day's movement so far.

use serde_json::{Value, json};

use super::{Document, Telling, identity, sleep_score::shift, write};
use crate::person::{Day, Effort, Minute};

const TARGET_CALORIES: i64 = 450;
const TARGET_METRES: i64 = 9000;

/// The day's document, which grows until four in the next morning.
pub(super) fn daily(telling: Telling<'_>) -> Option<Document> {
    let Telling { person, date, known_until } = telling;
    let day = person.day(date);
    let start = person.day_start(date);
    let strolled = person.strolled(date, known_until);
    if known_until < start.max(day.night.rise) && strolled.is_none() {
        return None;
    }
    let passed = usize::try_from(known_until.duration_since(start).as_secs() / 60).unwrap_or(0);
    let minutes = &day.minutes[..passed.min(day.minutes.len())];
    let totals = Totals::of(minutes, strolled.unwrap_or(0), person.traits.weight_kg);
    Some(Document::new(start, document(telling, &day, &totals, minutes)))
}

fn document(telling: Telling<'_>, day: &Day, totals: &Totals, minutes: &[Minute]) -> Value {
    let Telling { person, date, .. } = telling;
    let start = person.day_start(date);
    let contributors = contributors(telling, day, totals);
    let mean = contributors.iter().map(|(_, value)| *value as f64).sum::<f64>() / contributors.len() as f64;
    let told: serde_json::Map<String, Value> =
        contributors.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let shift = f64::from(shift(telling, "daily_activity"));
    json!({
        "id": identity::id(person, "daily_activity", date, 0),
        "class_5_min": class_5_min(minutes),
        "score": write::score(mean.min(96.0) + shift),
        "active_calories": totals.active_calories,
        "average_met_minutes": write::rounded(totals.mean_met, 5),
        "contributors": told,
        "equivalent_walking_distance": totals.metres,
        "high_activity_met_minutes": totals.met_minutes(Effort::High),
        "high_activity_time": totals.seconds(Effort::High),
        "inactivity_alerts": totals.alerts,
        "low_activity_met_minutes": totals.met_minutes(Effort::Low),
        "low_activity_time": totals.seconds(Effort::Low),
        "medium_activity_met_minutes": totals.met_minutes(Effort::Medium),
        "medium_activity_time": totals.seconds(Effort::Medium),
        "met": write::sample(person, start, 60.0, minutes.iter().map(|minute| Some(minute.met))),
        "meters_to_target": TARGET_METRES - totals.metres,
        "non_wear_time": totals.seconds(Effort::NotWorn),
        "resting_time": totals.seconds(Effort::Resting),
        "sedentary_met_minutes": totals.met_minutes(Effort::Sedentary),
        "sedentary_time": totals.seconds(Effort::Sedentary),
        "steps": totals.steps,
        "target_calories": TARGET_CALORIES,
        "target_meters": TARGET_METRES,
        "total_calories": totals.total_calories,
        "day": date.to_string(),
        "timestamp": write::local(person, start),
    })
}

fn contributors(telling: Telling<'_>, day: &Day, totals: &Totals) -> [(&'static str, i64); 6] {
    let mut dice = telling.person.fate.dice(telling.date, "activity score");
    let mut near = |value: f64| write::score(dice.around(value, 6.0));
    let sitting = totals.seconds(Effort::Sedentary) as f64 / 3600.0;
    let met = totals.active_calories as f64 / TARGET_CALORIES as f64;
    [
        ("meet_daily_targets", near(45.0 + 50.0 * met.min(1.1))),
        ("move_every_hour", near(100.0 - 12.0 * totals.alerts as f64)),
        ("recovery_time", near(if day.form.training { 82.0 } else { 97.0 })),
        ("stay_active", near(100.0 - (sitting - 6.5).max(0.0) * 8.0)),
        ("training_frequency", near(86.0 + 10.0 * day.form.energy)),
        ("training_volume", near(84.0 + 12.0 * day.form.energy)),
    ]
}

/// The most common effort of each five minutes.
fn class_5_min(minutes: &[Minute]) -> String {
    let most = |chunk: &[Minute]| {
        let count = |effort: Effort| chunk.iter().filter(|minute| minute.effort == effort).count();
        EFFORTS.into_iter().max_by_key(|effort| count(*effort)).map(|effort| char::from(b'0' + effort as u8))
    };
    minutes.chunks(5).filter_map(most).collect()
}

const EFFORTS: [Effort; 6] =
    [Effort::NotWorn, Effort::Resting, Effort::Sedentary, Effort::Low, Effort::Medium, Effort::High];

/// A day's sums.
struct Totals {
    minutes: [i64; 6],
    above_rest: [f64; 6],
    mean_met: f64,
    steps: i64,
    metres: i64,
    active_calories: i64,
    total_calories: i64,
    alerts: i64,
}

impl Totals {
    fn of(minutes: &[Minute], strolled: i64, weight_kg: f64) -> Self {
        let (mut counts, mut above_rest, mut sum, mut steps, mut active) = ([0; 6], [0.0; 6], 0.0, 0.0, 0.0);
        for minute in minutes {
            counts[minute.effort as usize] += 1;
            above_rest[minute.effort as usize] += (minute.met - 1.0).max(0.0);
            sum += minute.met;
            steps += minute.steps;
            active += (minute.met - 1.4).max(0.0) * weight_kg / 60.0;
        }
        steps += strolled as f64;
        active += strolled as f64 * 0.0006 * weight_kg;
        let resting = weight_kg * 22.0 * minutes.len() as f64 / 1440.0;
        Self {
            minutes: counts,
            above_rest,
            mean_met: sum / minutes.len().max(1) as f64,
            steps: steps as i64,
            metres: (steps * 0.74 + active * 4.0) as i64,
            active_calories: active.round() as i64,
            total_calories: (resting + active).round() as i64,
            alerts: alerts(minutes),
        }
    }

    fn seconds(&self, effort: Effort) -> i64 {
        self.minutes[effort as usize] * 60
    }

    fn met_minutes(&self, effort: Effort) -> i64 {
        self.above_rest[effort as usize].round() as i64
    }
}

/// How often an hour of sitting had barely a step.
fn alerts(minutes: &[Minute]) -> i64 {
    let still = |hour: &[Minute]| {
        hour.iter().all(|minute| minute.effort as u8 >= Effort::Sedentary as u8)
            && hour.iter().map(|minute| minute.steps).sum::<f64>() < 45.0
    };
    minutes.chunks_exact(60).filter(|hour| still(hour)).count() as i64
}

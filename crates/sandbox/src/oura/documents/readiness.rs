//! `daily_readiness`, which the night's sleep document repeats.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::{
    Document, Telling, identity,
    sleep_score::{of_night, revised},
    write,
};
use crate::person::{Day, Form};

/// The day's document, once its night is over and known.
pub(super) fn daily(telling: Telling<'_>) -> Option<Document> {
    let day = telling.person.day(telling.date);
    if !telling.knows(day.night.rise) {
        return None;
    }
    let mut json = json!({ "id": identity::id(telling.person, "daily_readiness", telling.date, 0) });
    let told = of_night_as_told(telling, &day);
    json["contributors"] = told["contributors"].clone();
    json["day"] = json!(telling.date.to_string());
    for name in ["score", "temperature_deviation", "temperature_trend_deviation"] {
        json[name] = told[name].clone();
    }
    json["timestamp"] = json!(write::utc(telling.midnight()));
    Some(Document::new(telling.midnight(), json))
}

/// Readiness after a night, as both collections tell it.
pub(super) fn of_night_as_told(telling: Telling<'_>, day: &Day) -> Value {
    let contributors = Contributors::after(telling, day);
    let trend = Form::mean(telling.person.fate, telling.date, 3, |form| form.temperature);
    json!({
        "contributors": contributors.told(),
        "score": revised(telling, "daily_readiness", contributors.mean() - day.form.illness * 12.0),
        "temperature_deviation": write::rounded(day.form.temperature, 2),
        "temperature_trend_deviation": write::rounded(trend, 2),
    })
}

struct Contributors([(&'static str, i64); 9]);

impl Contributors {
    fn after(telling: Telling<'_>, day: &Day) -> Self {
        let Telling { person, date, .. } = telling;
        let mean = |days, of: fn(&Form) -> f64| Form::mean(person.fate, date, days, of);
        let yesterday = Form::on(person.fate, date.checked_sub(1.day()).unwrap_or(date));
        let lowest = day.night.heart.iter().flatten().copied().fold(f64::MAX, f64::min);
        let mut dice = person.fate.dice(date, "readiness");
        let mut near = |value: f64| write::score(dice.around(value, 5.0));
        Self([
            ("activity_balance", near(80.0 + 12.0 * mean(7, |form| form.energy))),
            ("body_temperature", near(100.0 - (day.form.temperature.abs() - 0.25).max(0.0) * 75.0)),
            ("hrv_balance", near(80.0 + 22.0 * mean(10, Form::vigour))),
            ("previous_day_activity", near(if yesterday.training { 74.0 } else { 90.0 })),
            ("previous_night", near(of_night(telling, day).score as f64 * 1.4 - 32.0)),
            ("recovery_index", near(if day.form.late { 42.0 } else { 75.0 } + 12.0 * day.form.energy)),
            ("resting_heart_rate", near(100.0 - (lowest - person.traits.resting_heart_rate).max(0.0) * 7.0)),
            ("sleep_balance", near(88.0 - 40.0 * mean(14, |form| if form.late { 1.0 } else { 0.0 }))),
            ("sleep_regularity", near(92.0 - 45.0 * mean(14, |form| if form.late { 1.0 } else { 0.0 }))),
        ])
    }

    fn mean(&self) -> f64 {
        self.0.iter().map(|(_, value)| *value as f64).sum::<f64>() / self.0.len() as f64
    }

    fn told(&self) -> Value {
        Value::Object(self.0.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect())
    }
}

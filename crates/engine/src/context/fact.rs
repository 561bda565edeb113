//! A value in words and as it is, with its unit.

use serde::{Serialize, Serializer};

use super::words;

/// A value for programs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Number(#[serde(serialize_with = "whole_where_whole")] f64),
    /// One of the provider's words.
    Word(String),
}

/// Writes 85 rather than 85.0.
fn whole_where_whole<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        serializer.serialize_i64(*number as i64)
    } else {
        serializer.serialize_f64(*number)
    }
}

/// A value in words and as it is, with its unit.
pub(super) struct Fact {
    pub(super) text: String,
    pub(super) value: Value,
    pub(super) unit: &'static str,
}

impl Fact {
    fn number(value: f64, unit: &'static str, text: String) -> Self {
        Self { text, value: Value::Number(value), unit }
    }
}

pub(super) fn score(value: f64) -> Fact {
    Fact::number(value, "score_1_100", format!("{}/100", words::decimal(value, 0)))
}

pub(super) fn duration(seconds: i64) -> Fact {
    Fact::number(seconds as f64, "seconds", words::duration(seconds))
}

pub(super) fn percent(value: f64) -> Fact {
    Fact::number(value, "percent", format!("{}%", words::decimal(value, 0)))
}

pub(super) fn beats(per_minute: f64) -> Fact {
    Fact::number(per_minute, "bpm", format!("{} bpm", words::decimal(per_minute, 0)))
}

pub(super) fn degrees(celsius: f64) -> Fact {
    Fact::number(celsius, "celsius", format!("{}C", words::decimal(celsius, 1)))
}

pub(super) fn steps(steps: i64) -> Fact {
    Fact::number(steps as f64, "steps", words::thousands(steps))
}

/// Energy. Its label says calories, so its text is the bare number.
pub(super) fn energy(kilocalories: f64) -> Fact {
    Fact::number(kilocalories, "kcal", words::thousands(kilocalories.round() as i64))
}

pub(super) fn years(value: f64) -> Fact {
    Fact::number(value, "years", format!("{} years", words::decimal(value, 0)))
}

pub(super) fn oxygen_uptake(value: f64) -> Fact {
    Fact::number(value, "ml_per_kg_per_minute", format!("{} ml/kg/min", words::decimal(value, 0)))
}

pub(super) fn kilograms(value: f64) -> Fact {
    Fact::number(value, "kilograms", format!("{} kg", words::decimal(value, 1)))
}

pub(super) fn metres(value: f64) -> Fact {
    Fact::number(value, "metres", format!("{} m", words::decimal(value, 2)))
}

pub(super) fn word(word: &str) -> Option<Fact> {
    let text = words::plain(word)?;
    Some(Fact { value: Value::Word(text.clone()), text, unit: "word" })
}

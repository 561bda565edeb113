//! The time that a request asks for.

use axum::response::Response;
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde_json::Value;

use super::{collection::Shape, errors, query::Query};

/// Missing bounds reach back this far. Oura: heartrate without dates is the last 24 hours.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);

/// How far a window was told: an instant, and how many that stand at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    pub(super) at: Timestamp,
    pub(super) told: usize,
}

/// The time asked for, both ends included, and how far it was already told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) after: Option<Mark>,
}

impl Window {
    /// All time.
    pub(super) const ALWAYS: Self = Self { from: Timestamp::MIN, to: Timestamp::MAX, after: None };

    /// Reads the window of a request, or refuses it as the data service does.
    #[expect(clippy::result_large_err, reason = "the refusal is the answer")]
    pub(super) fn read(shape: Shape, query: &Query, now: Timestamp) -> Result<Self, Response> {
        let names = match shape {
            Shape::Dated => ["start_date", "end_date"],
            Shape::Series => ["start_datetime", "end_datetime"],
            Shape::Undated | Shape::Person => return Ok(Self::ALWAYS),
        };
        let bounds = names.map(|name| query.told(name).map(|text| (text, moment(text))));
        let refused: Vec<Value> =
            names.iter().zip(&bounds).flat_map(|(name, bound)| refusals(shape, name, bound)).collect();
        if !refused.is_empty() {
            return Err(errors::unprocessable(refused));
        }
        let [from, to] = bounds.map(|bound| bound.and_then(|(_, moment)| moment.ok()));
        if let (Some(start), Some(end)) = (from, to)
            && start > end
        {
            let input = query.told(names[0]).unwrap_or_default();
            let one =
                errors::invalid("value_error", &["query", names[0]], "Start date must be before end date", input, None);
            return Err(errors::unprocessable(vec![one]));
        }
        let end = to.unwrap_or(now);
        Ok(Self { from: from.unwrap_or_else(|| end.checked_sub(LOOK_BACK).unwrap_or(end)), to: end, after: None })
    }

    /// Whether an instant lies in it. What has no instant always does.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        let untold = self.after.is_none_or(|mark| at >= mark.at);
        untold && (at == Timestamp::MIN || (self.from <= at && at <= self.to))
    }
}

/// Why a text is no moment.
const TOO_SHORT: &str = "input is too short";
const BAD_CHARACTER: &str = "invalid character in year";
const OUT_OF_RANGE: &str = "value is outside the calendar";

/// The instant that a date, a date-time or a number names. A date means its midnight in UTC.
pub(super) fn moment(text: &str) -> Result<Timestamp, &'static str> {
    if let Ok(number) = text.parse::<f64>() {
        return from_number(number);
    }
    if text.len() < 10 {
        return Err(TOO_SHORT);
    }
    let wall = match text.len() {
        10 => text.parse::<Date>().map(DateTime::from),
        _ => match text.parse::<Timestamp>() {
            Ok(instant) => return Ok(instant),
            Err(_) if has_offset(text) => return Err(BAD_CHARACTER),
            Err(_) => text.parse::<DateTime>(),
        },
    };
    wall.and_then(|wall| TimeZone::UTC.to_timestamp(wall)).map_err(|_| BAD_CHARACTER)
}

/// Numbers are read as epoch seconds, large ones as milliseconds.
fn from_number(number: f64) -> Result<Timestamp, &'static str> {
    const LARGEST_IN_SECONDS: f64 = 2e10;
    let millis = if number.abs() <= LARGEST_IN_SECONDS { number * 1000.0 } else { number };
    if !millis.is_finite() {
        return Err(OUT_OF_RANGE);
    }
    Timestamp::from_millisecond(millis as i64).map_err(|_| OUT_OF_RANGE)
}

fn has_offset(text: &str) -> bool {
    text.ends_with('Z') || text.get(11..).is_some_and(|time| time.contains(['+', '-', '[']))
}

fn refusals(shape: Shape, name: &str, bound: &Option<(&str, Result<Timestamp, &'static str>)>) -> Vec<Value> {
    let Some((input, Err(reason))) = bound else { return Vec::new() };
    let datetime = format!("Input should be a valid datetime or date, {reason}");
    if shape == Shape::Series {
        return vec![errors::invalid("datetime_from_date_parsing", &["query", name], &datetime, input, Some(reason))];
    }
    let date = format!("Input should be a valid date or datetime, {reason}");
    vec![
        errors::invalid("datetime_from_date_parsing", &["query", name, "datetime"], &datetime, input, Some(reason)),
        errors::invalid("date_from_datetime_parsing", &["query", name, "date"], &date, input, Some(reason)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn reads_dates_times_and_numbers() {
        assert_eq!(moment("2026-01-26"), Ok(at("2026-01-26T00:00:00Z")));
        assert_eq!(moment("2026-01-26T10:00:00+02:00"), Ok(at("2026-01-26T08:00:00Z")));
        assert_eq!(moment("2026-01-26T10:00:00"), Ok(at("2026-01-26T10:00:00Z")));
        assert_eq!(moment("1"), Ok(at("1970-01-01T00:00:01Z")));
        assert_eq!(moment("1769385600000"), Ok(at("2026-01-26T00:00:00Z")));
        assert!(moment("0024-11-11").is_ok());
    }

    #[test]
    fn refuses_nonsense() {
        for nonsense in ["soon", "2026-13-01", "2026-01-26T10:00:00 02:00", "2026-02-30", "26/01/2026", "nan", "1e300"]
        {
            assert!(moment(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn missing_bounds_are_the_last_day() {
        let now = at("2026-01-26T10:00:00Z");
        let window = Window::read(Shape::Series, &Query::read(None), now).unwrap();
        assert_eq!((window.from, window.to), (at("2026-01-25T10:00:00Z"), now));
    }
}

//! Reads the fields of Oura's JSON: what is absent, null or new is no error; what is of another shape is one that
//! names the field and never its value.

use jiff::{
    Timestamp,
    civil::Date,
    fmt::temporal::{Pieces, PiecesOffset},
};
use model::record::Trace;
use serde_json::{Map, Value};

use crate::Error;

/// A field is not what Oura documents.
#[derive(Debug, thiserror::Error)]
#[error("{field} is {problem}")]
pub(super) struct Unreadable {
    field: &'static str,
    problem: &'static str,
}

impl Unreadable {
    /// A field that must be there is not.
    pub(super) fn missing(field: &'static str) -> Self {
        Self { field, problem: "missing" }
    }
}

pub(super) type Read<T> = Result<T, Unreadable>;

/// An instant, and the person's offset where the text tells one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: Timestamp,
    pub(super) offset_seconds: Option<i32>,
}

/// Reads JSON.
pub(super) fn json(body: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(body).map_err(|_| Error::Malformed("the answer is not JSON".into()))
}

/// A JSON object; one that is absent has no fields.
#[derive(Clone, Copy)]
pub(super) struct Item<'a>(Option<&'a Map<String, Value>>);

impl<'a> Item<'a> {
    /// Looks at a value as an object.
    pub(super) fn new(value: &'a Value) -> Read<Self> {
        value.as_object().map(|map| Self(Some(map))).ok_or(Unreadable { field: "item", problem: "not an object" })
    }

    fn get(self, field: &str) -> Option<&'a Value> {
        self.0?.get(field).filter(|value| !value.is_null())
    }

    fn read<T>(
        self,
        field: &'static str,
        problem: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Read<Option<T>> {
        self.get(field).map(|value| read(value).ok_or(Unreadable { field, problem })).transpose()
    }

    /// Oura's identity of a document.
    pub(super) fn id(self) -> Read<String> {
        self.text("id")?.ok_or(Unreadable::missing("id"))
    }

    /// The day that a document counts for.
    pub(super) fn day(self, field: &'static str) -> Read<Date> {
        self.date(field)?.ok_or(Unreadable::missing(field))
    }

    /// A text; an empty one says nothing. Words of an enumeration are texts, for Oura adds to them.
    pub(super) fn text(self, field: &'static str) -> Read<Option<String>> {
        let text = self.read(field, "not a text", Value::as_str)?;
        Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// A list of texts.
    pub(super) fn texts(self, field: &'static str) -> Read<Vec<String>> {
        let list = |value: &Value| value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        Ok(self.read(field, "not a list of texts", list)?.unwrap_or_default())
    }

    /// A number.
    pub(super) fn number(self, field: &'static str) -> Read<Option<f64>> {
        self.read(field, "not a number", Value::as_f64)
    }

    /// A whole number, though it may be written as a fraction (measured by others: `60.0`).
    pub(super) fn whole(self, field: &'static str) -> Read<Option<i64>> {
        self.read(field, "not a number", whole)
    }

    /// A civil day.
    pub(super) fn date(self, field: &'static str) -> Read<Option<Date>> {
        self.read(field, "not a date", |value| value.as_str()?.parse().ok())
    }

    /// An instant with an offset. A time without one is no instant, so it is left out.
    pub(super) fn moment(self, field: &'static str) -> Read<Option<Moment>> {
        Ok(self.read(field, "not a time", |value| moment(value.as_str()?))?.flatten())
    }

    /// An object within.
    pub(super) fn part(self, field: &'static str) -> Read<Self> {
        self.read(field, "not an object", Value::as_object).map(Self)
    }

    /// Objects within.
    pub(super) fn parts(self, field: &'static str) -> Read<Vec<Self>> {
        let list =
            |value: &'a Value| value.as_array()?.iter().map(|item| item.as_object().map(Some).map(Self)).collect();
        Ok(self.read(field, "not a list of objects", list)?.unwrap_or_default())
    }

    /// Samples at a fixed interval, counted from the start of their record.
    pub(super) fn trace(self, field: &'static str, start: Option<Timestamp>) -> Read<Option<Trace>> {
        let sample = self.part(field)?;
        let Some(interval_seconds) = sample.number("interval")?.filter(|seconds| *seconds > 0.0) else {
            return Ok(None);
        };
        let list = |value: &Value| value.as_array()?.iter().map(value_or_gap).collect();
        let mut values: Vec<_> = sample.read("items", "not a list of numbers", list)?.unwrap_or_default();
        if let (Some(start), Some(first)) = (start, sample.moment("timestamp")?) {
            align(&mut values, first.at.duration_since(start).as_secs_f64() / interval_seconds);
        }
        Ok((!values.is_empty()).then_some(Trace { interval_seconds, values }))
    }
}

fn value_or_gap(value: &Value) -> Option<Option<f64>> {
    if value.is_null() { Some(None) } else { value.as_f64().map(Some) }
}

/// Shifts values that begin whole intervals after their record, or before it. A shift of days is no measurement.
fn align(values: &mut Vec<Option<f64>>, intervals: f64) {
    const MOST: f64 = 2880.0;
    const ROUNDING: f64 = 1e-6;
    let whole = (intervals.abs() + ROUNDING).floor();
    if whole > MOST {
        return;
    }
    let count = whole as usize;
    if intervals > 0.0 {
        values.splice(..0, std::iter::repeat_n(None, count));
    } else {
        values.drain(..count.min(values.len()));
    }
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|number| number.round() as i64))
}

fn moment(text: &str) -> Option<Option<Moment>> {
    let offset = Pieces::parse(text).ok()?.offset();
    let offset_seconds = match offset {
        None => return Some(None),
        // RFC 9557: Z says nothing of where the person was.
        Some(PiecesOffset::Zulu) => None,
        Some(PiecesOffset::Numeric(numeric)) => Some(numeric.offset().seconds()),
        Some(_) => None,
    };
    text.parse().ok().map(|at| Some(Moment { at, offset_seconds }))
}

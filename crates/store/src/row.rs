//! Reads values of columns back into the words of the house.

use std::{collections::BTreeSet, str::FromStr};

use jiff::{Timestamp, civil::Date};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result};

/// The columns of one table.
#[derive(Clone, Copy)]
pub(crate) struct Row(pub(crate) &'static str);

impl Row {
    pub(crate) fn parse<T: FromStr>(self, column: &'static str, text: &str) -> Result<T> {
        text.parse().map_err(|_| Error::corrupt(self.0, column))
    }

    pub(crate) fn parse_opt<T: FromStr>(self, column: &'static str, text: Option<&str>) -> Result<Option<T>> {
        text.map(|text| self.parse(column, text)).transpose()
    }

    pub(crate) fn time(self, column: &'static str, millis: i64) -> Result<Timestamp> {
        Timestamp::from_millisecond(millis).map_err(|_| Error::corrupt(self.0, column))
    }

    pub(crate) fn time_opt(self, column: &'static str, millis: Option<i64>) -> Result<Option<Timestamp>> {
        millis.map(|millis| self.time(column, millis)).transpose()
    }

    pub(crate) fn day(self, column: &'static str, text: Option<&str>) -> Result<Option<Date>> {
        self.parse_opt(column, text)
    }

    pub(crate) fn json<T: DeserializeOwned>(self, column: &'static str, text: &str) -> Result<T> {
        serde_json::from_str(text).map_err(|_| Error::corrupt(self.0, column))
    }
}

/// JSON for a column that holds no personal data.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Words with spaces between, for a column.
pub(crate) fn words<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    words.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

pub(crate) fn split(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

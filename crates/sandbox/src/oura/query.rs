//! A request's parameters.

use axum::response::Response;

use super::errors;

/// A request's parameters, the last of a name counting.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(text: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(text.unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What a name stands for, unless it is empty: an empty `next_token=` is accepted by the real service.
    pub(super) fn told(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The same without some names.
    pub(super) fn without(self, names: &[&str]) -> Self {
        Self(self.0.into_iter().filter(|(name, _)| !names.contains(&name.as_str())).collect())
    }

    pub(super) fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The fields chosen, if any.
    pub(super) fn fields(&self) -> Option<Vec<&str>> {
        self.told("fields").map(|fields| fields.split(',').map(str::trim).filter(|field| !field.is_empty()).collect())
    }

    /// Whether only the newest row is wanted.
    #[expect(clippy::result_large_err, reason = "the refusal is the answer")]
    pub(super) fn latest(&self) -> Result<bool, Response> {
        match self.told("latest").map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "1" | "yes" | "on" | "t" | "y") => Ok(true),
            None | Some("false" | "0" | "no" | "off" | "f" | "n") => Ok(false),
            Some(other) => {
                let message = "Input should be a valid boolean, unable to interpret input";
                Err(errors::unprocessable(vec![errors::invalid(
                    "bool_parsing",
                    &["query", "latest"],
                    message,
                    other,
                    None,
                )]))
            }
        }
    }
}

//! What somebody wants of a webhook, checked.

use std::collections::BTreeSet;

use model::{Kind, SinkState};
use url::Url;

use crate::{Engine, Error, Result};

const LONGEST_URL: usize = 2_000;

/// A webhook that somebody wants.
#[derive(Clone, Debug, Default)]
pub struct NewWebhook {
    pub name: String,
    pub url: String,
    /// Empty: all kinds.
    pub kinds: Vec<String>,
    /// Empty: all providers.
    pub providers: Vec<String>,
    /// After which position it begins; none: with what happens from now on.
    pub after: Option<i64>,
}

/// What is to be changed of a webhook; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    pub name: Option<String>,
    pub url: Option<String>,
    pub kinds: Option<Vec<String>>,
    pub providers: Option<Vec<String>>,
    pub state: Option<SinkState>,
}

impl Engine {
    /// An address that may be reached from here. Names are looked up again whenever they are used.
    pub(super) fn check_url(&self, text: &str) -> Result<Url> {
        let url =
            Url::parse(text).map_err(|_| Error::invalid("url", "is no address, such as https://app.example/hook"))?;
        if text.len() > LONGEST_URL || url.fragment().is_some() {
            return Err(Error::invalid("url", format!("has no #, and at most {LONGEST_URL} characters")));
        }
        if !self.sink_http.permits(&url) {
            let why = "is not a public https address: this server sends nothing into its own network unless told to";
            return Err(Error::invalid("url", why));
        }
        Ok(url)
    }

    pub(super) fn check_providers(&self, ids: &[String]) -> Result<BTreeSet<String>> {
        match ids.iter().find(|id| !self.providers.contains_key(*id)) {
            Some(odd) => Err(Error::invalid("providers", format!("\"{odd}\" is not offered here"))),
            None => Ok(ids.iter().cloned().collect()),
        }
    }
}

pub(super) fn check_kinds(words: &[String]) -> Result<BTreeSet<Kind>> {
    let parse = |word: &String| word.parse().map_err(|unknown: model::UnknownWord| unknown.to_string());
    words.iter().map(parse).collect::<std::result::Result<_, _>>().map_err(|why| Error::invalid("kinds", why))
}

pub(super) fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "has 1 to 100 printable characters"));
    }
    Ok(name.to_owned())
}

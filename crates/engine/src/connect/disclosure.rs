//! What a person reads before anything is collected.

use std::collections::{BTreeMap, BTreeSet};

use model::{Kind, Topic};

use crate::{Engine, Result, sync::BACKFILL_DAYS};

/// Why data is collected, in the words that a consent refers to.
pub(crate) const PURPOSE: &str = "To show you your data and to let the apps and agents that you choose act on it.";
/// Changes whenever the words of the disclosure change.
pub(crate) const VERSION: &str = "2026-11";

/// What a person reads before anything is collected.
#[derive(Clone, Debug)]
pub struct Disclosure {
    pub provider: String,
    pub name: String,
    pub about: String,
    pub account_page: Option<String>,
    pub purpose: &'static str,
    pub version: &'static str,
    /// How many days back the first sync reaches.
    pub days_back: u32,
    pub kinds: BTreeMap<Topic, Vec<Kind>>,
}

impl Engine {
    /// What connecting to a provider would collect, and why.
    pub fn disclosure(&self, provider: &str) -> Result<Disclosure> {
        let manifest = self.provider(provider)?.manifest();
        let mut kinds: BTreeMap<Topic, Vec<Kind>> = BTreeMap::new();
        for kind in manifest.kinds() {
            kinds.entry(kind.topic()).or_default().push(kind);
        }
        Ok(Disclosure {
            provider: manifest.id.clone(),
            name: manifest.name.clone(),
            about: manifest.about.clone(),
            account_page: manifest.account_page.as_ref().map(ToString::to_string),
            purpose: PURPOSE,
            version: VERSION,
            days_back: BACKFILL_DAYS,
            kinds,
        })
    }
}

/// Reads the words of a consent: kinds, or topics for all their kinds. None at all means everything that is offered.
pub(crate) fn read_kinds(words: &[String], offered: &BTreeSet<Kind>) -> std::result::Result<BTreeSet<Kind>, String> {
    let mut kinds = BTreeSet::new();
    for word in words {
        match (word.parse::<Topic>(), word.parse::<Kind>()) {
            (Ok(topic), _) => kinds.extend(topic.kinds().filter(|kind| offered.contains(kind))),
            (_, Ok(kind)) if offered.contains(&kind) => {
                kinds.insert(kind);
            }
            (_, Ok(kind)) => return Err(format!("{kind} is not offered")),
            (_, Err(unknown)) => return Err(unknown.to_string()),
        }
    }
    if words.is_empty() { Ok(offered.clone()) } else { Ok(kinds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_stands_for_all_its_kinds_and_nothing_for_everything() {
        let offered = BTreeSet::from([Kind::Sleep, Kind::SleepScore, Kind::Activity]);
        let read = |words: &[&str]| read_kinds(&words.iter().map(ToString::to_string).collect::<Vec<_>>(), &offered);
        assert_eq!(read(&[]).unwrap(), offered);
        assert_eq!(read(&["sleep"]).unwrap(), BTreeSet::from([Kind::Sleep, Kind::SleepScore]));
        assert_eq!(read(&["activity"]).unwrap(), BTreeSet::from([Kind::Activity]));
        assert!(read(&["stay"]).is_err());
        assert!(read(&["heart_rate"]).is_err());
    }
}

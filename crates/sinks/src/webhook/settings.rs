//! Where a webhook leads and how it is signed, as one secret text that is kept sealed.

use jiff::{SignedDuration, Timestamp};
use model::{Random, Secret};
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use super::new_secret;
use crate::InvalidSettings;

/// Receivers have so long to take a new secret up.
const BOTH_SIGN: SignedDuration = SignedDuration::from_hours(24);

/// So many secrets that were changed for others sign as well.
const MOST_BEFORE: usize = 5;

/// A secret that was changed for another, and until when it signs as well.
type Previous = (Secret, Timestamp);

/// Where a webhook leads and how it is signed.
#[derive(Clone, Deserialize)]
pub struct Settings {
    /// A path or a query can be a secret: it is in no log.
    pub url: Url,
    pub secret: Secret,
    /// The secrets before, the newest first.
    #[serde(deserialize_with = "one_or_several")]
    pub previous: Vec<Previous>,
}

/// The same, as it is written down.
#[derive(Serialize)]
struct Written<'a> {
    url: &'a Url,
    secret: &'a str,
    previous: Vec<(&'a str, Timestamp)>,
}

impl Settings {
    /// The settings of a new webhook.
    pub fn new(url: Url, random: &Random) -> Self {
        Self { url, secret: new_secret(random), previous: Vec::new() }
    }

    /// Reads what was kept.
    pub fn read(text: &Secret) -> Result<Self, InvalidSettings> {
        serde_json::from_str(text.expose()).map_err(|_| InvalidSettings)
    }

    /// The text to keep.
    pub fn to_text(&self) -> Secret {
        let previous = self.previous.iter().map(|(secret, until)| (secret.expose(), *until)).collect();
        let written = Written { url: &self.url, secret: self.secret.expose(), previous };
        Secret::new(serde_json::to_string(&written).unwrap_or_default())
    }

    /// Puts a new secret in the place of the present one, which signs as well for a day.
    pub fn rotate(&mut self, random: &Random, now: Timestamp) {
        let until = now.saturating_add(BOTH_SIGN).unwrap_or(Timestamp::MAX);
        let old = std::mem::replace(&mut self.secret, new_secret(random));
        self.previous.retain(|(_, until)| now < *until);
        self.previous.insert(0, (old, until));
        self.previous.truncate(MOST_BEFORE);
    }

    /// The secrets that sign at an instant, the present one first.
    pub(super) fn secrets_at(&self, now: Timestamp) -> Vec<&Secret> {
        let previous = self.previous.iter().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        [&self.secret].into_iter().chain(previous).collect()
    }
}

/// What was kept by an earlier version has one secret before, or null.
fn one_or_several<'de, D: Deserializer<'de>>(kept: D) -> Result<Vec<Previous>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Several(Vec<Previous>),
        One(Previous),
        None,
    }
    Ok(match Kept::deserialize(kept)? {
        Kept::Several(previous) => previous,
        Kept::One(previous) => vec![previous],
        Kept::None => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let random = Random::seeded(3);
        let mut settings = Settings::new(Url::parse("https://app.example/hook?key=1").unwrap(), &random);
        settings.rotate(&random, Timestamp::UNIX_EPOCH);
        let read = Settings::read(&settings.to_text()).unwrap();
        assert_eq!((read.url, read.secret, read.previous), (settings.url, settings.secret, settings.previous));
        assert!(Settings::read(&Secret::new("{}")).is_err());
    }

    #[test]
    fn what_an_earlier_version_kept_is_read() {
        let until = Timestamp::from_second(86_400).unwrap();
        for (kept, previous) in
            [("null", vec![]), (r#"["whsec_b","1970-01-02T00:00:00Z"]"#, vec![(Secret::new("whsec_b"), until)])]
        {
            let text = format!(r#"{{"url":"https://app.example/","secret":"whsec_a","previous":{kept}}}"#);
            assert_eq!(Settings::read(&Secret::new(&text)).unwrap().previous, previous, "{kept}");
        }
    }

    #[test]
    fn each_secret_signs_for_a_day_however_many_come_after_it() {
        let random = Random::seeded(5);
        let mut settings = Settings::new(Url::parse("https://app.example/").unwrap(), &random);
        let at = |hours: i64| Timestamp::from_second(hours * 3600).unwrap();
        let mut secrets = vec![settings.secret.clone()];
        for hour in 0..3 {
            settings.rotate(&random, at(hour));
            secrets.insert(0, settings.secret.clone());
        }
        let settings = Settings::read(&settings.to_text()).unwrap();
        assert_eq!(settings.secrets_at(at(23)), secrets.iter().collect::<Vec<_>>());
        assert_eq!(settings.secrets_at(at(24)), secrets[..3].iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_changed_without_end_does_not_grow_without_end() {
        let random = Random::seeded(6);
        let mut settings = Settings::new(Url::parse("https://app.example/").unwrap(), &random);
        for _ in 0..20 {
            settings.rotate(&random, Timestamp::UNIX_EPOCH);
        }
        assert_eq!(settings.secrets_at(Timestamp::UNIX_EPOCH).len(), 6);
    }

    #[test]
    fn the_secret_before_signs_for_a_day() {
        let random = Random::seeded(4);
        let mut settings = Settings::new(Url::parse("https://app.example/").unwrap(), &random);
        let old = settings.secret.clone();
        settings.rotate(&random, Timestamp::UNIX_EPOCH);
        let at = |hours: i64| Timestamp::from_second(hours * 3600).unwrap();
        assert_eq!(settings.secrets_at(at(23)), [&settings.secret, &old]);
        assert_eq!(settings.secrets_at(at(24)), [&settings.secret]);
    }
}

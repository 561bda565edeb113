//! Where a webhook leads and how it is signed, as one secret text that is kept sealed.

use jiff::{SignedDuration, Timestamp};
use model::{Random, Secret};
use serde::{Deserialize, Serialize};
use url::Url;

use super::new_secret;
use crate::InvalidSettings;

/// Receivers have so long to take a new secret up.
const BOTH_SIGN: SignedDuration = SignedDuration::from_hours(24);

/// Where a webhook leads and how it is signed.
#[derive(Clone, Deserialize)]
pub struct Settings {
    /// A path or a query can be a secret: it is in no log.
    pub url: Url,
    pub secret: Secret,
    /// The secret before, and until when it signs as well.
    pub previous: Option<(Secret, Timestamp)>,
}

/// The same, as it is written down.
#[derive(Serialize)]
struct Written<'a> {
    url: &'a Url,
    secret: &'a str,
    previous: Option<(&'a str, Timestamp)>,
}

impl Settings {
    /// The settings of a new webhook.
    pub fn new(url: Url, random: &Random) -> Self {
        Self { url, secret: new_secret(random), previous: None }
    }

    /// Reads what was kept.
    pub fn read(text: &Secret) -> Result<Self, InvalidSettings> {
        serde_json::from_str(text.expose()).map_err(|_| InvalidSettings)
    }

    /// The text to keep.
    pub fn to_text(&self) -> Secret {
        let previous = self.previous.as_ref().map(|(secret, until)| (secret.expose(), *until));
        let written = Written { url: &self.url, secret: self.secret.expose(), previous };
        Secret::new(serde_json::to_string(&written).unwrap_or_default())
    }

    /// Puts a new secret in the place of the present one, which signs as well for a day.
    pub fn rotate(&mut self, random: &Random, now: Timestamp) {
        let until = now.saturating_add(BOTH_SIGN).unwrap_or(Timestamp::MAX);
        let old = std::mem::replace(&mut self.secret, new_secret(random));
        self.previous = Some((old, until));
    }

    /// The secrets that sign at an instant, the present one first.
    pub(super) fn secrets_at(&self, now: Timestamp) -> Vec<&Secret> {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        [&self.secret].into_iter().chain(previous).collect()
    }
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

//! A connection's tokens.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::Secret;

/// What a provider's token endpoint gave.
#[derive(Clone, Debug)]
pub struct TokenSet {
    pub access: Secret,
    /// Absent where the provider lets the old one live on.
    pub refresh: Option<Secret>,
    pub expires_in: Duration,
    /// Absent when the provider does not say.
    pub scopes: Option<BTreeSet<String>>,
}

/// A connection's tokens as they are kept.
#[derive(Clone, Debug)]
pub struct Credential {
    pub access: Secret,
    pub refresh: Option<Secret>,
    pub expires_at: Timestamp,
    /// When to refresh: before it expires.
    pub refresh_at: Timestamp,
    /// Counts the refreshes: whoever writes must have seen the newest.
    pub rotation: i64,
    /// A refresh was begun and its outcome never stored.
    pub outcome_unknown: bool,
    /// Somebody is at a refresh now.
    pub being_refreshed: bool,
}

impl Credential {
    /// When tokens that live this long are to be refreshed: a tenth of their life before they end, a day at most.
    pub fn refresh_at(now: Timestamp, expires_in: Duration) -> Timestamp {
        let buffer = (expires_in / 10).min(Duration::from_hours(24));
        after(now, expires_in - buffer)
    }

    /// When tokens that live this long end.
    pub fn expires_at(now: Timestamp, expires_in: Duration) -> Timestamp {
        after(now, expires_in)
    }
}

fn after(now: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    now.checked_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_is_a_tenth_and_a_day_at_most() {
        let now = Timestamp::UNIX_EPOCH;
        let hours = |hours| Duration::from_hours(hours);
        assert_eq!(Credential::refresh_at(now, hours(10)).as_second(), 9 * 3600);
        assert_eq!(Credential::refresh_at(now, hours(720)).as_second(), 696 * 3600);
    }
}

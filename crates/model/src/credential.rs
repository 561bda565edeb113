//! A connection's tokens.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::Secret;

/// How near its end an access token may be before a refresh whose outcome was lost is tried once more.
const NEAR_END: SignedDuration = SignedDuration::from_mins(5);

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

    /// Whether the access token serves as it is: its refresh is not due, not possible, or better left alone until
    /// the end draws near.
    pub fn serves(&self, now: Timestamp) -> bool {
        let in_doubt = self.outcome_unknown || self.being_refreshed;
        self.refresh_at > now
            || (in_doubt && self.near_end() > now)
            || (self.refresh.is_none() && self.expires_at > now)
    }

    /// When to look at it next: at its refresh, or near its end where none is possible before.
    pub fn next_look(&self, now: Timestamp) -> Timestamp {
        let next = if self.outcome_unknown {
            self.near_end()
        } else if self.refresh.is_none() {
            self.expires_at
        } else {
            self.refresh_at
        };
        next.max(after(now, Duration::from_mins(1)))
    }

    fn near_end(&self) -> Timestamp {
        self.expires_at.saturating_sub(NEAR_END).unwrap_or(Timestamp::MIN)
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

    #[test]
    fn a_lost_outcome_rests_until_the_end_draws_near() {
        let at = |minutes: i64| Timestamp::from_second(60 * minutes).unwrap();
        let lost = Credential {
            access: Secret::new("a"),
            refresh: Some(Secret::new("r")),
            expires_at: at(600),
            refresh_at: at(540),
            rotation: 1,
            outcome_unknown: true,
            being_refreshed: false,
        };
        assert!(lost.serves(at(594)) && !lost.serves(at(595)));
        assert_eq!(lost.next_look(at(550)), at(595));
        let known = Credential { outcome_unknown: false, ..lost.clone() };
        assert!(known.serves(at(539)) && !known.serves(at(540)));
        let last = Credential { refresh: None, ..known };
        assert!(last.serves(at(599)) && !last.serves(at(600)));
    }
}

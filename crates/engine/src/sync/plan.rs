//! Which days of which collections a sync is about.

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use model::{User, Window};
use providers::Collection;
use serde::{Deserialize, Serialize};

/// A connection begins with a month.
pub(crate) const BACKFILL_DAYS: u32 = 30;
/// After a longer silence than this, older days must be asked for.
const LONGEST_CATCH_UP_DAYS: u32 = 365;

/// What counts as a little early.
const LITTLE: SignedDuration = SignedDuration::from_mins(30);

/// What a sync is to bring.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Days back from today; none: as far as each collection looks back in its turn.
    pub(crate) days: Option<u32>,
    /// None: all.
    pub(crate) collection: Option<String>,
    /// Whether the next sync follows from this one.
    pub(crate) recurring: bool,
}

impl Plan {
    pub(crate) fn backfill() -> Self {
        Self { days: Some(BACKFILL_DAYS), collection: None, recurring: true }
    }

    pub(crate) fn scheduled() -> Self {
        Self { days: None, collection: None, recurring: true }
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// Why there is such a sync, as a word.
    pub(crate) fn cause(&self) -> &'static str {
        match (self.recurring, self.days) {
            (true, Some(_)) => "connected",
            (true, None) => "scheduled",
            (false, _) => "asked",
        }
    }

    /// The days that the sync is about, as its answer names them.
    pub(crate) fn window(&self, user: &User, now: Timestamp) -> Window {
        Window::ending(user.today(now), self.days.unwrap_or(1))
    }

    /// The days to ask a collection for; none when its turn has not come.
    pub(crate) fn window_of(
        &self,
        collection: &Collection,
        every: SignedDuration,
        user: &User,
        last_success: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Window> {
        let utc = now.to_zoned(TimeZone::UTC).date();
        // Some providers cut days at UTC, so that theirs can be ahead of the person's.
        let last = user.today(now).max(utc);
        if let Some(days) = self.days {
            let from = Window::ending(user.today(now), days).from;
            return Some(Window { from, to: last });
        }
        let Some(succeeded) = last_success else { return Some(Window::ending(last, BACKFILL_DAYS)) };
        if !is_due(every, succeeded, now) {
            return None;
        }
        let looked_back = Window::ending(last, collection.look_back_days.max(1)).from;
        let missed = succeeded.to_zoned(TimeZone::UTC).date().saturating_sub(1.day());
        let earliest = Window::ending(last, LONGEST_CATCH_UP_DAYS).from;
        Some(Window { from: looked_back.min(missed).max(earliest), to: last })
    }
}

/// A little early counts as due: turns are not to slip by a whole round.
fn is_due(every: SignedDuration, succeeded: Timestamp, now: Timestamp) -> bool {
    now.duration_since(succeeded) >= every - LITTLE.min(every / 4)
}

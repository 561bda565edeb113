//! Whether the time may be believed: what is forgotten by a clock that is ahead is gone for good.

use jiff::{SignedDuration, Timestamp};
use store::Housekeeping;

use super::later;
use crate::{Engine, Result};

/// The house is kept every day: whoever finds it was not for longer than this was away, or has a clock that is ahead.
const PLAUSIBLE: SignedDuration = SignedDuration::from_hours(48);
/// A time that is still the same, and as much later, is believed.
const DOUBTED_FOR: SignedDuration = SignedDuration::from_hours(24);

impl Engine {
    /// Notes that the house is kept now, unless the time is too far ahead of the last time that it was: says until when
    /// nothing is to be forgotten.
    pub(super) async fn doubt(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let mut tx = self.db.write().await?;
        let before = tx.housekeeping().await?;
        let noted = weigh(before, now);
        tx.note_housekeeping(&noted).await?;
        tx.commit().await?;
        let Some(since) = noted.doubted_at else { return Ok(None) };
        let until = later(since, DOUBTED_FOR);
        let last = noted.kept_at;
        tracing::warn!(%last, %until, "the clock is far ahead of when the house was last kept: nothing is forgotten yet");
        Ok(Some(until))
    }
}

/// What to note of a time at which the house is to be kept.
fn weigh(before: Option<Housekeeping>, now: Timestamp) -> Housekeeping {
    // A clock that is behind forgets too little, and says nothing of when the house was last kept.
    let kept_at = before.map_or(now, |before| before.kept_at.max(now));
    let believed = Housekeeping { kept_at, doubted_at: None };
    let Some(before) = before.filter(|before| now.duration_since(before.kept_at) > PLAUSIBLE) else { return believed };
    match before.doubted_at.map(|since| now.duration_since(since)) {
        Some(age) if (SignedDuration::ZERO..DOUBTED_FOR).contains(&age) => before,
        Some(age) if (DOUBTED_FOR..=PLAUSIBLE).contains(&age) => believed,
        _ => Housekeeping { doubted_at: Some(now), ..before },
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    const BEGIN: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(hours: i64) -> Timestamp {
        BEGIN + hours.hours()
    }

    /// Whether the time is believed each time that the house is to be kept, after it was kept at the beginning.
    fn believed(hours: &[i64]) -> Vec<bool> {
        let mut noted = weigh(None, BEGIN);
        let look = |hours: &i64| {
            noted = weigh(Some(noted), at(*hours));
            noted.doubted_at.is_none()
        };
        hours.iter().map(look).collect()
    }

    #[test]
    fn a_server_that_runs_is_believed() {
        assert_eq!(believed(&[24, 48, 96, 144]), [true; 4]);
        assert_eq!(believed(&[24, -500_000, 48, 60]), [true; 4], "even when its clock was behind");
    }

    #[test]
    fn a_server_that_was_away_is_believed_a_day_later() {
        assert_eq!(believed(&[720, 721, 743, 744, 768]), [false, false, false, true, true]);
        assert_eq!(believed(&[720, 800, 900, 924]), [false, false, false, true], "one that is away again and again");
    }

    #[test]
    fn a_clock_that_was_ahead_for_less_than_a_day_is_never_believed() {
        let year = 365 * 24;
        assert_eq!(believed(&[24, year, year + 1, 48, 72]), [true, false, false, true, true]);
        assert_eq!(believed(&[24, year, 120, 140, 144]), [true, false, false, false, true], "looked at late");
    }
}

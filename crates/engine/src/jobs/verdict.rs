//! What is to become of a job that was tried.

use jiff::{SignedDuration, Timestamp};
use store::NewJob;

use crate::{Error, Result};

/// What is to become of a job that was tried.
pub(crate) enum Verdict {
    /// It is done: what came of it, and the jobs that follow.
    Done { outcome: String, next: Vec<NewJob> },
    /// It was not to be done this time: when to try again, where the provider said so.
    Retry { why: String, at: Option<Timestamp> },
    /// Trying again would not help.
    Fail(String),
}

impl From<Result<Vec<NewJob>>> for Verdict {
    fn from(result: Result<Vec<NewJob>>) -> Self {
        match result {
            Ok(next) => Self::Done { outcome: String::new(), next },
            Err(error) => error.into(),
        }
    }
}

impl From<Error> for Verdict {
    fn from(error: Error) -> Self {
        let why = error.to_string();
        match error {
            Error::Unavailable { retry_at, .. } => Self::Retry { why, at: retry_at },
            Error::Store(store::Error::Database(_)) => Self::Retry { why, at: None },
            _ => Self::Fail(why),
        }
    }
}

/// When to try again after so many tries: half a minute, doubling, six hours at most, spread out.
pub(crate) fn backoff(now: Timestamp, tries: i64, fraction: f64) -> Timestamp {
    let doubled = 30_i64 << u32::try_from(tries.clamp(1, 10) - 1).unwrap_or(0);
    let seconds = doubled.min(6 * 3600);
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "seconds of a few hours")]
    let spread = (seconds as f64 * 0.25 * fraction) as i64;
    now.saturating_add(SignedDuration::from_secs(seconds + spread)).unwrap_or(Timestamp::MAX)
}

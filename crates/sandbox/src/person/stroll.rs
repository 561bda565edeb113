//! Steps that somebody has let a person take besides, so that a day grows while one watches.

use std::sync::PoisonError;

use jiff::{Timestamp, civil::Date};

use super::Person;

/// A few steps; the ring reaches the cloud right after.
#[derive(Clone, Copy)]
pub(super) struct Stroll {
    pub(super) at: Timestamp,
    steps: i64,
}

impl Person {
    /// Takes a few steps now.
    pub(crate) fn stroll(&self, now: Timestamp) {
        let mut strolls = self.strolls.lock().unwrap_or_else(PoisonError::into_inner);
        let purpose = format!("stroll {}", strolls.len());
        let steps = self.fate.dice(self.date_of(now), &purpose).whole(20, 240);
        strolls.push(Stroll { at: now, steps });
    }

    /// The steps taken besides on a day of movement, as far as they are known; none where there was no stroll.
    pub(crate) fn strolled(&self, date: Date, known_until: Timestamp) -> Option<i64> {
        let day = self.day_start(date)..self.day_end(date);
        let strolls = self.strolls.lock().unwrap_or_else(PoisonError::into_inner);
        let known = strolls.iter().filter(|stroll| day.contains(&stroll.at) && stroll.at <= known_until);
        known.map(|stroll| stroll.steps).reduce(|all, more| all + more)
    }

    /// The last stroll up to an instant.
    pub(super) fn last_stroll(&self, now: Timestamp) -> Option<Timestamp> {
        let strolls = self.strolls.lock().unwrap_or_else(PoisonError::into_inner);
        strolls.iter().map(|stroll| stroll.at).filter(|at| *at <= now).max()
    }
}

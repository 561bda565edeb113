//! What this process has noted in the current minute: it saves asking the database, which has the last word.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use uuid::Uuid;

/// More are forgotten, which costs a question to the database each.
const CAPACITY: usize = 10_000;

/// Remembers who was noted in the current minute.
#[derive(Default)]
pub(crate) struct Recent(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    number: i64,
    noted: HashSet<Uuid>,
}

impl Recent {
    /// Whether somebody was noted in this minute.
    pub(crate) fn has(&self, id: Uuid, now: Timestamp) -> bool {
        let minute = self.minute();
        minute.number == number(now) && minute.noted.contains(&id)
    }

    /// Notes somebody, once the database has it.
    pub(crate) fn note(&self, id: Uuid, now: Timestamp) {
        let mut minute = self.minute();
        if minute.number != number(now) || minute.noted.len() >= CAPACITY {
            *minute = Minute { number: number(now), noted: HashSet::new() };
        }
        minute.noted.insert(id);
    }

    fn minute(&self) -> MutexGuard<'_, Minute> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same minutes as the store's.
fn number(now: Timestamp) -> i64 {
    now.as_second() / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_remembered_and_no_longer() {
        let recent = Recent::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let id = Uuid::from_u128(1);
        recent.note(id, at(60));
        assert!(recent.has(id, at(119)));
        assert!(!recent.has(Uuid::from_u128(2), at(119)));
        assert!(!recent.has(id, at(120)));
    }

    #[test]
    fn it_does_not_grow_without_bound() {
        let recent = Recent::default();
        for id in 0..=CAPACITY {
            recent.note(Uuid::from_u128(id as u128), Timestamp::UNIX_EPOCH);
        }
        assert!(recent.minute().noted.len() <= CAPACITY);
    }
}

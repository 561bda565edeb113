//! Wrong passwords for addresses with which nobody signs in: they lock as people's do, so that no lock tells who is here.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use store::digest;

use crate::sign_in::{locked_until, normal};

/// More than these begin anew. They are kept in this process alone: nobody who is here is among them.
const CAPACITY: usize = 10_000;

/// Remembers who was guessed at in vain, by digests of their addresses.
#[derive(Default)]
pub(crate) struct Strangers(Mutex<HashMap<String, Failures>>);

#[derive(Clone, Copy)]
struct Failures {
    failed: i64,
    locked_until: Timestamp,
}

impl Strangers {
    /// Until when an address is locked.
    pub(crate) fn lock_of(&self, email: &str, now: Timestamp) -> Option<Timestamp> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&key(email)).map(|failures| failures.locked_until).filter(|until| *until > now)
    }

    /// Counts one more wrong password.
    pub(crate) fn count(&self, email: &str, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.clear();
        }
        let failures = known.entry(key(email)).or_insert(Failures { failed: 0, locked_until: Timestamp::MIN });
        *failures = Failures { failed: failures.failed + 1, locked_until: locked_until(failures.failed, now) };
    }
}

fn key(email: &str) -> String {
    digest(normal(email).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_do_not_grow_without_bound() {
        let strangers = Strangers::default();
        for number in 0..=CAPACITY {
            strangers.count(&number.to_string(), Timestamp::UNIX_EPOCH);
        }
        assert!(strangers.0.lock().unwrap().len() <= CAPACITY);
    }
}

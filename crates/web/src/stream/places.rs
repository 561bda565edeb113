//! How many streams one reader has open: nobody takes all that there is room for.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::{Actor, UserId};

use crate::problem::{Problem, ProblemId};

/// Who reads, and about whom, where it is not about all.
type Reader = (Actor, Option<UserId>);

/// Streams that are open, by reader. Clones share them.
#[derive(Clone)]
pub(crate) struct Places(Arc<Taken>);

struct Taken {
    each: usize,
    counts: Mutex<HashMap<Reader, usize>>,
}

/// A reader's place for one stream, until dropped.
pub(crate) struct Place {
    places: Places,
    reader: Reader,
}

impl Places {
    /// So many for each reader.
    pub(crate) fn new(each: usize) -> Self {
        Self(Arc::new(Taken { each, counts: Mutex::default() }))
    }

    /// Takes one, if the reader has not taken them all.
    pub(crate) fn take(&self, actor: Actor, user: Option<UserId>) -> Result<Place, Problem> {
        let reader = (actor, user);
        let mut counts = self.counts();
        let count = counts.get(&reader).copied().unwrap_or(0);
        if count >= self.0.each {
            let most = format!("{} streams of this reader are open already", self.0.each);
            return Err(ProblemId::RateLimited.because(most).retry_in(30));
        }
        counts.insert(reader.clone(), count + 1);
        Ok(Place { places: self.clone(), reader })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Reader, usize>> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.places.counts();
        if let Entry::Occupied(mut count) = counts.entry(self.reader.clone()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

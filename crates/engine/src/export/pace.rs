//! How fast sinks are written to: a few people at once, and slower and slower when nothing is taken.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use model::SinkId;

/// A receiver that hangs must leave places for syncs, and for other receivers.
const AT_ONCE: usize = 8;
const AT_ONCE_EACH: usize = 4;
/// Seconds, as the Standard Webhooks specification recommends to wait after each failure.
const WAITS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Whatever a receiver says, it is asked again after a day.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);
/// Who finds no place comes again after some of these.
const ELSEWHERE: SignedDuration = SignedDuration::from_secs(4);
/// Nothing but failures for so long, and a sink is turned off.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_hours(5 * 24);

/// The places of those who write to sinks now. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Places(Arc<Mutex<HashMap<SinkId, usize>>>);

/// A place, free again when dropped.
pub(super) struct Place {
    places: Places,
    sink: SinkId,
}

impl Places {
    /// Takes a place at a sink, if there is one.
    pub(super) fn take(&self, sink: SinkId) -> Option<Place> {
        let mut taken = self.open();
        let all: usize = taken.values().sum();
        let here = taken.get(&sink).copied().unwrap_or(0);
        if all >= AT_ONCE || here >= AT_ONCE_EACH {
            return None;
        }
        taken.insert(sink, here + 1);
        Some(Place { places: self.clone(), sink })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SinkId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.open();
        match taken.get_mut(&self.sink) {
            Some(here) if *here > 1 => *here -= 1,
            _ => {
                taken.remove(&self.sink);
            }
        }
    }
}

/// When to try again after so many failures, spread out so that those who failed together do not come back together.
pub(super) fn again(now: Timestamp, failures: i64, fraction: f64) -> Timestamp {
    let which = usize::try_from(failures.max(1) - 1).unwrap_or(0).min(WAITS.len() - 1);
    after(now, SignedDuration::from_secs(WAITS[which]).mul_f64(1.0 + 0.2 * fraction))
}

/// Until when a receiver that refused one person's event is asked for nobody else's. Not for long: it may be that
/// person's event that it does not understand.
pub(super) fn pause(now: Timestamp, failures: i64, fraction: f64) -> Timestamp {
    again(now, failures.min(2), fraction)
}

/// When whoever was refused comes again: after those who only had to wait.
pub(super) fn after_others(own: Timestamp, paused_until: Timestamp) -> Timestamp {
    own.max(after(paused_until, SignedDuration::from_secs(1)))
}

/// When whoever had to wait comes again: the longer the trouble, the more they are spread out.
pub(super) fn after_pause(
    now: Timestamp,
    paused_until: Timestamp,
    failing_since: Option<Timestamp>,
    fraction: f64,
) -> Timestamp {
    let trouble = failing_since.map(|since| now.duration_since(since)).unwrap_or_default();
    after(paused_until, trouble.clamp(SignedDuration::ZERO, LONGEST_WAIT).mul_f64(fraction))
}

/// When a receiver wants to be asked again, within reason.
pub(super) fn within_reason(now: Timestamp, said: Timestamp) -> Timestamp {
    said.clamp(now, after(now, LONGEST_WAIT))
}

/// When to come again after there was no place.
pub(super) fn elsewhere(now: Timestamp, fraction: f64) -> Timestamp {
    after(now, ELSEWHERE.mul_f64(0.25 + fraction))
}

fn after(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use model::Random;

    use super::*;

    #[test]
    fn a_receiver_that_hangs_leaves_places_for_others() {
        let random = Random::seeded(1);
        let sinks: [SinkId; 3] = std::array::from_fn(|_| random.id(Timestamp::UNIX_EPOCH));
        let places = Places::default();
        let mut held: Vec<_> = (0..AT_ONCE_EACH).map(|_| places.take(sinks[0]).unwrap()).collect();
        assert!(places.take(sinks[0]).is_none(), "it has its share");
        held.extend((AT_ONCE_EACH..AT_ONCE).map(|_| places.take(sinks[1]).unwrap()));
        assert!(places.take(sinks[2]).is_none(), "there is none left");
        held.pop();
        assert!(places.take(sinks[2]).is_some());
        drop(held);
        assert!(places.open().is_empty());
    }

    #[test]
    fn waits_grow_to_a_day_and_are_spread_by_a_fifth() {
        let wait = |failures, fraction| {
            again(Timestamp::UNIX_EPOCH, failures, fraction).duration_since(Timestamp::UNIX_EPOCH).as_secs()
        };
        assert_eq!([1, 2, 3, 9, 10, 99].map(|failures| wait(failures, 0.0)), [5, 300, 1_800, 86_400, 86_400, 86_400]);
        assert_eq!((wait(2, 0.5), wait(2, 1.0)), (330, 360));
    }

    #[test]
    fn whoever_was_refused_comes_after_those_who_waited() {
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        assert_eq!(pause(at(0), 99, 0.0), at(300), "others are not held up for long");
        assert_eq!(after_others(at(5), at(5)), at(6));
        assert_eq!(after_others(at(900), at(5)), at(900));
        assert_eq!(after_pause(at(0), at(5), Some(at(0)), 0.9), at(5));
        assert_eq!(after_pause(at(3_600), at(3_900), Some(at(0)), 0.5), at(5_700));
    }

    #[test]
    fn nobody_makes_us_wait_for_longer_than_a_day() {
        let at = |hours: i64| Timestamp::from_second(hours * 3_600).unwrap();
        assert_eq!(within_reason(at(10), at(11)), at(11));
        assert_eq!(within_reason(at(10), at(99)), at(34));
        assert_eq!(within_reason(at(10), at(1)), at(10));
    }
}

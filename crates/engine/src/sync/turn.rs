//! When a connection's next turn comes: when the first of its collections is due.

use jiff::{SignedDuration, Timestamp};
use providers::Collection;
use store::CollectionState;

use crate::listen::Pace;

/// What failed, and whoever has nothing to be asked for, waits so long at most.
const LONGEST: SignedDuration = SignedDuration::from_hours(4);
/// Those who connected together do not all come back together.
const SPREAD: SignedDuration = SignedDuration::from_mins(5);

/// When the next turn comes, as far as what is due says.
pub(super) fn next(pace: &Pace, collections: &[Collection], states: &[CollectionState], now: Timestamp) -> Timestamp {
    let due = |collection: &Collection| {
        let every = pace.every(collection);
        let state = states.iter().find(|state| state.collection == collection.id);
        let due = state.and_then(|state| state.last_success_at).map(|at| after(at, every));
        due.filter(|due| *due > now).unwrap_or(after(now, every.min(LONGEST)))
    };
    let due = collections.iter().map(due).min().unwrap_or(after(now, pace.polling.unwrap_or(LONGEST)));
    pace.look_at.map_or(due, |look_at| due.min(look_at))
}

/// When the next turn comes after one that told nothing.
pub(super) fn retry(polling: Option<SignedDuration>, now: Timestamp) -> Timestamp {
    after(now, polling.unwrap_or(LONGEST).min(LONGEST))
}

/// Spreads a turn out, by a fraction of one: a little where the turn is near, never by much.
pub(super) fn spread(turn: Timestamp, now: Timestamp, fraction: f64) -> Timestamp {
    let most = (turn.duration_since(now) / 16).min(SPREAD);
    after(turn, most.mul_f64(fraction))
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3600).unwrap()
    }

    fn collections() -> Vec<Collection> {
        let oura = providers::all().remove(0);
        let wanted = ["daily_sleep", "heartrate", "vO2_max"];
        oura.manifest().collections.iter().filter(|known| wanted.contains(&known.id.as_str())).cloned().collect()
    }

    fn states(succeeded: Timestamp) -> Vec<CollectionState> {
        let state = |collection: Collection| CollectionState {
            collection: collection.id,
            last_success_at: Some(succeeded),
            last_error: None,
            missing_scope: None,
        };
        collections().into_iter().map(state).collect()
    }

    #[test]
    fn a_turn_comes_when_the_first_collection_is_due() {
        let pace = Pace::default();
        assert_eq!(next(&pace, &collections(), &states(at(100)), at(100)), at(104));
        assert_eq!(next(&pace, &collections(), &states(at(99)), at(100)), at(103));
        assert_eq!(next(&pace, &collections(), &[], at(100)), at(104), "what failed waits for the usual turn");
        assert_eq!(next(&pace, &[], &[], at(100)), at(104));
    }

    #[test]
    fn what_is_told_does_not_call_for_a_turn() {
        let told = BTreeSet::from(["daily_sleep".to_owned(), "heartrate".to_owned()]);
        let pace = Pace { told, ..Pace::default() };
        assert_eq!(next(&pace, &collections(), &states(at(100)), at(100)), at(124));
        let watched = Pace { look_at: Some(at(112)), ..pace.clone() };
        assert_eq!(next(&watched, &collections(), &states(at(100)), at(100)), at(112));
        let quiet = Pace { is_quiet: true, ..pace };
        assert_eq!(next(&quiet, &collections(), &states(at(100)), at(100)), at(104));
    }

    #[test]
    fn settings_may_call_for_turns_of_their_own() {
        let every = SignedDuration::from_mins(15);
        let pace = Pace { polling: Some(every), ..Pace::default() };
        assert_eq!(next(&pace, &collections(), &states(at(100)), at(100)), at(100) + every);
        assert_eq!(next(&pace, &[], &[], at(100)), at(100) + every);
    }

    #[test]
    fn turns_are_spread_out_by_no_more_than_is_harmless() {
        assert_eq!(spread(at(104), at(100), 0.0), at(104));
        assert_eq!(spread(at(104), at(100), 1.0), at(104) + SPREAD);
        let soon = at(100) + SignedDuration::from_mins(1);
        assert!(spread(soon, at(100), 1.0) < soon + HOUR / 600);
    }
}

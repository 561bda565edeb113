//! The ring itself: its battery, when it is off the finger, and when it last reached the cloud.

use std::{ops::Range, sync::PoisonError};

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};

use super::{Person, dice::day_number, schedule::Schedule};

/// It goes into its charger every so many days, in the morning.
const CHARGED_EVERY: i32 = 4;
const CHARGING_STARTS: f64 = 7.9 * 60.0;
const CHARGING_MINUTES: i64 = 70;
const SHOWER_STARTS: f64 = 21.6 * 60.0;
const SHOWER_MINUTES: i64 = 12;
/// While its person is awake, the ring reaches the phone this often.
const SYNCS_EVERY: i64 = 30 * 60;
/// The phone is looked at a little after rising.
const FIRST_SYNC: i64 = 15 * 60;

/// One reading of the battery.
#[derive(Clone, Copy)]
pub(crate) struct Charge {
    pub(crate) at: Timestamp,
    pub(crate) level: i64,
    pub(crate) charging: bool,
    pub(crate) in_charger: bool,
}

impl Person {
    /// When the ring was off the finger on a civil day.
    pub(crate) fn off_finger(&self, day: Date) -> Vec<Range<Timestamp>> {
        let shower = lasting(self.local(day, SHOWER_STARTS), SHOWER_MINUTES);
        self.in_charger(day).into_iter().chain([shower]).collect()
    }

    fn in_charger(&self, day: Date) -> Option<Range<Timestamp>> {
        let due = day_number(day).rem_euclid(CHARGED_EVERY) == 0;
        due.then(|| lasting(self.local(day, CHARGING_STARTS), CHARGING_MINUTES))
    }

    /// The battery's readings of a civil day.
    pub(crate) fn charges(&self, day: Date) -> Vec<Charge> {
        let first = self.local(day, 0.0).as_second();
        let end = self.local(day, 24.0 * 60.0).as_second();
        (first..end)
            .step_by(1800)
            .filter_map(|second| Timestamp::from_second(second).ok())
            .map(|at| self.charge(day, at))
            .collect()
    }

    fn charge(&self, day: Date, at: Timestamp) -> Charge {
        let cycle = day_number(day).rem_euclid(CHARGED_EVERY);
        let last = day.checked_sub(cycle.days()).unwrap_or(day);
        let mut plugged = self.local(last, CHARGING_STARTS);
        if at < plugged {
            let earlier = last.checked_sub(CHARGED_EVERY.days()).unwrap_or(last);
            plugged = self.local(earlier, CHARGING_STARTS);
        }
        let hours = at.duration_since(plugged).as_secs() as f64 / 3600.0;
        let full_after = CHARGING_MINUTES as f64 / 60.0;
        let level =
            if hours < full_after { 22.0 + 78.0 * hours / full_after } else { 100.0 - 0.82 * (hours - full_after) };
        let in_charger = self.in_charger(day).is_some_and(|time| time.contains(&at));
        Charge { at, level: level.round().clamp(1.0, 100.0) as i64, charging: in_charger && level < 99.0, in_charger }
    }

    /// The instant up to which the cloud knows this person, at an instant.
    pub(crate) fn known_until(&self, now: Timestamp) -> Timestamp {
        let asked = self.syncs().into_iter().filter(|sync| *sync <= now).max();
        [asked, self.last_stroll(now)].into_iter().flatten().fold(self.last_sync_by_itself(now), Timestamp::max)
    }

    /// When the ring will next reach the cloud by itself.
    pub(crate) fn next_sync_by_itself(&self, now: Timestamp) -> Option<Timestamp> {
        let mut day = self.date_of(now).yesterday().ok()?;
        for _ in 0..4 {
            let (first, bed) = self.syncing(day);
            let passed = now.duration_since(first).as_secs().div_euclid(SYNCS_EVERY) + 1;
            let next = first + SignedDuration::from_secs(passed.max(0) * SYNCS_EVERY);
            if next <= bed {
                return Some(next);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// From when until when the ring syncs by itself on a day.
    fn syncing(&self, day: Date) -> (Timestamp, Timestamp) {
        let first = Schedule::of(self, day).rise + SignedDuration::from_secs(FIRST_SYNC);
        (first, Schedule::of(self, day.checked_add(1.day()).unwrap_or(day)).bed)
    }

    /// Every half hour from soon after rising until bed.
    fn last_sync_by_itself(&self, now: Timestamp) -> Timestamp {
        let mut day = self.date_of(now).checked_add(1.day()).unwrap_or_else(|_| self.date_of(now));
        loop {
            let (first, bed) = self.syncing(day);
            if first <= now {
                let awake = now.min(bed).duration_since(first).as_secs();
                return first + SignedDuration::from_secs(awake.div_euclid(SYNCS_EVERY) * SYNCS_EVERY);
            }
            match day.yesterday() {
                Ok(yesterday) => day = yesterday,
                Err(_) => return now,
            }
        }
    }

    /// The ring reaches the cloud now.
    pub(crate) fn sync(&self, now: Timestamp) {
        self.syncs.lock().unwrap_or_else(PoisonError::into_inner).push(now);
    }

    /// When somebody made the ring sync, in order.
    pub(crate) fn syncs(&self) -> Vec<Timestamp> {
        self.syncs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often a day's results had been revised by an instant: once on the next morning, and at each sync that was
    /// asked for on the next day.
    pub(crate) fn revision(&self, day: Date, known_until: Timestamp) -> u32 {
        let next = day.checked_add(1.day()).unwrap_or(day);
        let morning = u32::from(Schedule::of(self, next).rise <= known_until);
        let asked = self.syncs().iter().filter(|sync| **sync <= known_until && self.date_of(**sync) == next).count();
        morning + u32::try_from(asked).unwrap_or(u32::MAX - 1)
    }
}

fn lasting(start: Timestamp, minutes: i64) -> Range<Timestamp> {
    start..start + SignedDuration::from_mins(minutes)
}

//! A living person: seeded, deterministic, plausible. Says what happened; how a provider tells it is the provider's.

mod bout;
mod day;
mod dice;
mod form;
mod heart;
mod minutes;
mod night;
mod ring;
mod schedule;
mod stroll;
mod tag;
mod traits;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{
    Timestamp, ToSpan, Zoned,
    civil::{Date, DateTime},
    tz::TimeZone,
};

pub(crate) use self::{
    bout::Bout,
    day::Day,
    dice::{Dice, Fate, day_number, numbered_day},
    form::{Form, illness_near},
    heart::{Doing, beats},
    minutes::{Effort, Minute},
    night::{Night, Phase, Rest, mean},
    schedule::Schedule,
    tag::Tag,
};
use self::{stroll::Stroll, traits::Traits};

/// A person, from a first day on.
pub(crate) struct Person {
    pub(crate) fate: Fate,
    pub(crate) traits: Traits,
    pub(crate) zone: TimeZone,
    /// Nothing is told of the days before.
    pub(crate) first_day: Date,
    days: Mutex<HashMap<Date, Arc<Day>>>,
    syncs: Mutex<Vec<Timestamp>>,
    strolls: Mutex<Vec<Stroll>>,
}

impl Person {
    /// The person of a seed and a number, `days` days into wearing a ring.
    pub(crate) fn new(seed: u64, number: u8, now: Timestamp, days: u32) -> Result<Self, jiff::Error> {
        let fate = Fate::new(seed, number);
        let traits = Traits::of(fate, number);
        let zone = TimeZone::posix(traits.zone_rule)?;
        let first_day = zone.to_datetime(now).date().checked_sub(i64::from(days).days())?;
        Ok(Self {
            fate,
            traits,
            zone,
            first_day,
            days: Mutex::default(),
            syncs: Mutex::default(),
            strolls: Mutex::default(),
        })
    }

    /// A day of this life; remembered once lived.
    pub(crate) fn day(&self, date: Date) -> Arc<Day> {
        if let Some(day) = self.days.lock().unwrap_or_else(PoisonError::into_inner).get(&date) {
            return Arc::clone(day);
        }
        let day = Arc::new(Day::live(self, date));
        self.days.lock().unwrap_or_else(PoisonError::into_inner).insert(date, Arc::clone(&day));
        day
    }

    /// So many minutes after midnight by the clock on this person's wall.
    pub(crate) fn local(&self, date: Date, minutes: f64) -> Timestamp {
        let wall = DateTime::from(date).checked_add(((minutes * 60.0).round() as i64).seconds());
        wall.and_then(|wall| self.zone.to_timestamp(wall)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The civil day of an instant.
    pub(crate) fn date_of(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// An instant by this person's clock.
    pub(crate) fn zoned(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// Four in the morning, when a day of movement begins.
    pub(crate) fn day_start(&self, date: Date) -> Timestamp {
        self.local(date, 4.0 * 60.0)
    }

    /// Four in the morning of the next day.
    pub(crate) fn day_end(&self, date: Date) -> Timestamp {
        self.day_start(date.checked_add(1.day()).unwrap_or(date))
    }
}

#[cfg(test)]
mod tests;

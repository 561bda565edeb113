//! When a person goes to bed and rises.

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{Person, form::Form};

/// A night's bounds, known without living through it.
#[derive(Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) bed: Timestamp,
    pub(crate) rise: Timestamp,
}

impl Schedule {
    /// The night that ends on the morning of a day.
    pub(crate) fn of(person: &Person, day: Date) -> Self {
        let form = Form::on(person.fate, day);
        let mut dice = person.fate.dice(day, "schedule");
        let shift = match (form.late, form.weekend) {
            (true, _) => dice.between(95.0, 170.0),
            (false, true) => dice.around(60.0, 35.0),
            (false, false) => dice.around(0.0, 30.0),
        };
        let hours = match (form.late, form.illness > 0.3) {
            (true, _) => dice.around(5.6, 0.7),
            (_, true) => dice.around(9.0, 0.7),
            _ => dice.around(if form.weekend { 8.2 } else { 7.7 }, 0.7),
        };
        let bed = person.local(day, person.traits.bedtime + shift) + SignedDuration::from_secs(dice.whole(0, 59));
        let rise = bed + SignedDuration::from_secs((hours * 3600.0) as i64);
        Self { bed, rise }
    }
}

//! A day in a person's life, all of it.

use jiff::{SignedDuration, ToSpan, civil::Date};

use super::{
    Person,
    bout::{Bout, Calm, bouts, calms},
    form::Form,
    minutes::{Course, Minute},
    night::{Night, Rest},
    schedule::Schedule,
    tag::{Tag, tags},
};

/// A day, with the night that ends on its morning.
pub(crate) struct Day {
    pub(crate) date: Date,
    pub(crate) form: Form,
    pub(crate) night: Night,
    /// The other periods that lay still: naps, mistakes, deletions.
    pub(crate) naps: Vec<Night>,
    pub(crate) bouts: Vec<Bout>,
    pub(crate) calms: Vec<Calm>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) minutes: Vec<Minute>,
}

impl Day {
    pub(super) fn live(person: &Person, date: Date) -> Self {
        let form = Form::on(person.fate, date);
        let tonight = Schedule::of(person, date);
        let tomorrow = Schedule::of(person, date.checked_add(1.day()).unwrap_or(date));
        let mut dice = person.fate.dice(date, "night");
        let night = Night::between(tonight.bed, tonight.rise, Rest::Night, &person.traits, &form, &mut dice);
        let naps = naps(person, date, &form);
        let bouts = bouts(person, date, &form);
        let course = Course { person, day: date, form: &form, nights: [tonight, tomorrow], naps: &naps, bouts: &bouts };
        let minutes = course.minutes();
        Self { date, form, night, bouts, calms: calms(person, date), tags: tags(person, date, &form), minutes, naps }
    }
}

/// Afternoon sleep now and then, and what a ring takes for it.
fn naps(person: &Person, date: Date, form: &Form) -> Vec<Night> {
    let mut dice = person.fate.dice(date, "naps");
    let mut naps = Vec::new();
    let mut lie = |rest, hour: f64, minutes: f64, dice: &mut super::dice::Dice| {
        let bed = person.local(date, (hour * 60.0).round()) + SignedDuration::from_secs(dice.whole(0, 59));
        let rise = bed + SignedDuration::from_secs((minutes * 60.0) as i64);
        naps.push(Night::between(bed, rise, rest, &person.traits, form, dice));
    };
    if dice.chance(if form.late || form.illness > 0.3 { 0.35 } else { 0.06 }) {
        let (hour, minutes) = (dice.between(14.0, 15.5), dice.between(22.0, 70.0));
        lie(Rest::Nap, hour, minutes, &mut dice);
    }
    if dice.chance(0.05) {
        let rest = if dice.chance(0.7) { Rest::Mistaken } else { Rest::Deleted };
        let minutes = dice.between(18.0, 40.0);
        lie(rest, 19.9, minutes, &mut dice);
    }
    naps
}

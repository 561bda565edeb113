//! A day's movement, minute by minute, from four in the morning to four in the morning.

use std::ops::Range;

use jiff::{Timestamp, civil::Date};

use super::{Person, bout::Bout, dice::Dice, form::Form, night::Night, schedule::Schedule};

/// How much a minute moved, numbered as devices do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effort {
    NotWorn = 0,
    Resting = 1,
    Sedentary = 2,
    Low = 3,
    Medium = 4,
    High = 5,
}

/// One minute of a day.
#[derive(Clone, Copy)]
pub(crate) struct Minute {
    /// The energy spent, in multiples of rest.
    pub(crate) met: f64,
    pub(crate) effort: Effort,
    pub(crate) steps: f64,
}

/// What a minute is filled from.
pub(crate) struct Course<'a> {
    pub(crate) person: &'a Person,
    pub(crate) day: Date,
    pub(crate) form: &'a Form,
    pub(crate) nights: [Schedule; 2],
    pub(crate) naps: &'a [Night],
    pub(crate) bouts: &'a [Bout],
}

impl Course<'_> {
    /// The day's minutes: fewer or more than 1440 when the clocks change.
    pub(crate) fn minutes(&self) -> Vec<Minute> {
        let mut dice = self.person.fate.dice(self.day, "minutes");
        let walks = self.walks(&mut dice);
        let off = self.person.off_finger(self.day);
        let first = self.person.day_start(self.day).as_second();
        let end = self.person.day_end(self.day).as_second();
        (first..end).step_by(60).map(|second| self.minute(second, &walks, &off, &mut dice)).collect()
    }

    fn minute(&self, second: i64, walks: &[Range<i64>], off: &[Range<Timestamp>], dice: &mut Dice) -> Minute {
        let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        let asleep = self.nights.iter().any(|night| night.bed <= at && at < night.rise)
            || self.naps.iter().any(|nap| nap.holds(at));
        if off.iter().any(|time| time.contains(&at)) {
            Minute { met: 0.1, effort: Effort::NotWorn, steps: 0.0 }
        } else if asleep {
            Minute { met: 0.9, effort: Effort::Resting, steps: 0.0 }
        } else if let Some(bout) = self.bouts.iter().find(|bout| bout.start <= at && at < bout.end) {
            moving(dice.around(bout.met, bout.met * 0.15), bout.steps_per_minute * dice.around(1.0, 0.1))
        } else if walks.iter().any(|walk| walk.contains(&second)) {
            moving(dice.between(2.2, 3.9), dice.between(85.0, 112.0))
        } else if dice.chance(0.16) {
            moving(dice.between(1.5, 2.4), dice.between(4.0, 30.0))
        } else {
            moving(dice.between(1.0, 1.4), 0.0)
        }
    }

    /// The way to work, lunch, the way home, and some errands.
    fn walks(&self, dice: &mut Dice) -> Vec<Range<i64>> {
        let zeal = 1.0 + 0.25 * self.form.energy - 0.7 * self.form.illness;
        let fixed: &[f64] = if self.form.weekend { &[11.5, 16.0] } else { &[8.4, 12.5, 18.4] };
        let errands = dice.whole(1, 4);
        let hours: Vec<f64> = fixed.iter().copied().chain((0..errands).map(|_| dice.between(9.0, 21.0))).collect();
        hours
            .iter()
            .map(|hour| {
                let start = self.person.local(self.day, (hour * 60.0 + dice.around(0.0, 15.0)).round()).as_second();
                let minutes = dice.between(6.0, if self.form.weekend { 32.0 } else { 22.0 }) * zeal;
                start..start + (minutes * 60.0) as i64
            })
            .collect()
    }
}

fn moving(met: f64, steps: f64) -> Minute {
    let met = (met * 10.0).round() / 10.0;
    let effort = match met {
        met if met < 1.5 => Effort::Sedentary,
        met if met < 3.0 => Effort::Low,
        met if met < 6.0 => Effort::Medium,
        _ => Effort::High,
    };
    Minute { met, effort, steps: steps.round() }
}

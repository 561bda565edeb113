//! How a person is on a day: the hidden cause from which nights, days and scores follow.

use jiff::{ToSpan, civil::Date};

use super::dice::{Fate, day_number};

/// About every so many days the person falls ill once.
const STRETCH: i32 = 35;

/// A person's form on a day.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// From -1 (tired) to 1 (rested).
    pub(crate) energy: f64,
    /// From 0 (well) to 1 (feverish).
    pub(crate) illness: f64,
    /// The night before was short and late.
    pub(crate) late: bool,
    /// A day with a workout.
    pub(crate) training: bool,
    /// Saturday or Sunday.
    pub(crate) weekend: bool,
    /// Deviation of the skin's temperature in the night before.
    pub(crate) temperature: f64,
}

impl Form {
    pub(crate) fn on(fate: Fate, day: Date) -> Self {
        let mut dice = fate.dice(day, "form");
        let weekday = day.weekday().to_monday_one_offset();
        let weekend = weekday >= 6;
        let illness = illness(fate, day);
        let wave = f64::from(day_number(day)) / 27.0 * std::f64::consts::TAU;
        let late = dice.chance(if weekend { 0.3 } else { 0.08 }) && illness == 0.0;
        let trains = if matches!(weekday, 1 | 3 | 5 | 6) { 0.75 } else { 0.2 };
        Self {
            energy: (0.5 * wave.sin() + dice.around(0.0, 0.5)).clamp(-1.0, 1.0),
            illness,
            late,
            training: dice.chance(trains) && illness < 0.2,
            weekend,
            temperature: dice.around(0.0, 0.3) + illness * 1.1,
        }
    }

    /// The mean of something over the days up to and including this one.
    pub(crate) fn mean(fate: Fate, day: Date, days: i32, of: impl Fn(&Self) -> f64) -> f64 {
        let sum: f64 =
            (0..days).filter_map(|back| day.checked_sub(back.days()).ok()).map(|day| of(&Self::on(fate, day))).sum();
        sum / f64::from(days.max(1))
    }

    /// How well the person is all in all, from about -1 to 1.
    pub(crate) fn vigour(&self) -> f64 {
        self.energy * 0.5 - self.illness - if self.late { 0.4 } else { 0.0 }
    }
}

/// The first and last day of the illness in a numbered stretch of days, as numbers.
fn illness_days(fate: Fate, stretch: i32) -> (i32, i32) {
    let mut dice = fate.stretch(stretch, "illness");
    let first = stretch * STRETCH + dice.whole(3, 26) as i32;
    (first, first + dice.whole(2, 4) as i32)
}

/// The illness whose stretch a day lies in.
pub(crate) fn illness_near(fate: Fate, day: Date) -> (i32, i32) {
    illness_days(fate, day_number(day).div_euclid(STRETCH))
}

fn illness(fate: Fate, day: Date) -> f64 {
    let (first, last) = illness_near(fate, day);
    let number = day_number(day);
    if number < first || number > last {
        return 0.0;
    }
    let peak = f64::from(number - first) - 1.0;
    (1.0 - 0.25 * peak.abs()).clamp(0.25, 1.0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn falls_ill_now_and_then() {
        let fate = Fate::new(7, 0);
        let ill = date(2026, 1, 1).series(1.day()).take(140).filter(|day| Form::on(fate, *day).illness > 0.0).count();
        assert!((8..=25).contains(&ill), "{ill} ill days in 140");
    }
}

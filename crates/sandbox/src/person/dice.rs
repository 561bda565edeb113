//! Dice that fall the same way for the same seed, person, day and purpose.

use jiff::civil::{Date, date};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Whose dice they are.
#[derive(Clone, Copy)]
pub(crate) struct Fate {
    seed: u64,
    person: u8,
}

impl Fate {
    pub(crate) fn new(seed: u64, person: u8) -> Self {
        Self { seed, person }
    }

    /// The dice of a day, for one purpose: what is asked for on other days does not move them.
    pub(crate) fn dice(self, day: Date, purpose: &str) -> Dice {
        self.throw(day_number(day), purpose)
    }

    /// The dice of a life: what does not change from day to day.
    pub(crate) fn life(self, purpose: &str) -> Dice {
        self.throw(i32::MIN, purpose)
    }

    /// The dice of a numbered stretch of days.
    pub(crate) fn stretch(self, number: i32, purpose: &str) -> Dice {
        self.throw(number, purpose)
    }

    fn throw(self, day: i32, purpose: &str) -> Dice {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8] = self.person;
        key[9..13].copy_from_slice(&day.to_le_bytes());
        for (place, byte) in purpose.bytes().enumerate() {
            let slot = &mut key[13 + place % 19];
            *slot = slot.rotate_left(3) ^ byte;
        }
        Dice(ChaCha8Rng::from_seed(key))
    }
}

/// A source of chance that repeats itself.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// From 0 up to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.fraction()
    }

    /// A whole number, both ends included.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        let span = (high - low + 1) as f64;
        low + (self.fraction() * span) as i64
    }

    /// Near the mean, never farther than `spread`.
    pub(crate) fn around(&mut self, mean: f64, spread: f64) -> f64 {
        let bell = (self.fraction() + self.fraction() + self.fraction()) / 1.5 - 1.0;
        mean + spread * bell
    }

    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[(self.fraction() * choices.len() as f64) as usize]
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

/// Days since the first of January 2000.
pub(crate) fn day_number(day: Date) -> i32 {
    day.since(date(2000, 1, 1)).map_or(0, |span| span.get_days())
}

/// The day that [`day_number`] numbered so, if the calendar has it.
pub(crate) fn numbered_day(number: i32) -> Option<Date> {
    use jiff::ToSpan;
    (number.unsigned_abs() < 1_000_000).then(|| date(2000, 1, 1).checked_add(number.days()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_keeps_its_dice() {
        let day = date(2026, 3, 29);
        let throw = |seed, purpose| Fate::new(seed, 0).dice(day, purpose).bytes::<8>();
        assert_eq!(throw(1, "night"), throw(1, "night"));
        assert_ne!(throw(1, "night"), throw(2, "night"));
        assert_ne!(throw(1, "night"), throw(1, "day"));
    }

    #[test]
    fn days_are_numbered_both_ways() {
        let day = date(2026, 2, 28);
        assert_eq!(numbered_day(day_number(day)), Some(day));
        assert_eq!(numbered_day(i32::MIN), None);
    }
}

//! Spans of days: what is asked of a collection, and what has been covered.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

/// Days from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub from: Date,
    pub to: Date,
}

impl Window {
    /// The given number of days that end with `last`.
    pub fn ending(last: Date, days: u32) -> Self {
        Self { from: last.saturating_sub(i64::from(days.max(1) - 1).days()), to: last }
    }

    /// What of it is not before a day, if anything.
    pub fn since(self, day: Date) -> Option<Self> {
        (day <= self.to).then(|| Self { from: self.from.max(day), ..self })
    }

    /// Whether a day lies within.
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// How many days it has.
    pub fn days(&self) -> u32 {
        let span = self.from.duration_until(self.to).as_hours() / 24 + 1;
        u32::try_from(span.max(0)).unwrap_or(u32::MAX)
    }

    /// Cuts it into pieces of at most `days`, the newest first: what matters most arrives first.
    pub fn pieces(&self, days: u32) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut last = self.to;
        while last >= self.from {
            let piece = Self { from: Self::ending(last, days).from.max(self.from), to: last };
            let Ok(before) = piece.from.yesterday() else { break };
            pieces.push(piece);
            last = before;
        }
        pieces
    }

    /// The days of `self` that `covered` lacks, as windows in ascending order.
    pub fn gaps(&self, covered: &[Self]) -> Vec<Self> {
        let mut covered: Vec<_> = covered.to_vec();
        covered.sort_by_key(|window| window.from);
        let mut gaps = Vec::new();
        let mut next = self.from;
        for window in covered.iter().filter(|window| window.to >= self.from && window.from <= self.to) {
            if window.from > next
                && let Ok(to) = window.from.yesterday()
            {
                gaps.push(Self { from: next, to });
            }
            next = next.max(window.to.saturating_add(1.day()));
        }
        if next <= self.to {
            gaps.push(Self { from: next, to: self.to });
        }
        gaps
    }
}

/// A window as answers show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    pub start: Date,
    pub end: Date,
    pub days: u32,
}

impl From<Window> for Period {
    fn from(window: Window) -> Self {
        Self { start: window.from, end: window.to, days: window.days() }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_cover_each_day_once(length in 1_u32..400, size in 1_u32..60) {
            let window = Window::ending(date(2026, 1, 26), length);
            let pieces = window.pieces(size);
            prop_assert_eq!(pieces.iter().map(Window::days).sum::<u32>(), length);
            prop_assert!(window.gaps(&pieces).is_empty());
            prop_assert!(pieces.iter().all(|piece| piece.days() <= size));
        }
    }

    #[test]
    fn gaps_are_the_days_between() {
        let window = Window::ending(date(2026, 1, 10), 10);
        let covered = [
            Window { from: date(2026, 1, 2), to: date(2026, 1, 3) },
            Window { from: date(2026, 1, 6), to: date(2026, 1, 20) },
        ];
        assert_eq!(
            window.gaps(&covered),
            [
                Window { from: date(2026, 1, 1), to: date(2026, 1, 1) },
                Window { from: date(2026, 1, 4), to: date(2026, 1, 5) },
            ]
        );
    }
}

//! From values to places on the drawing.

// Where the days are on a drawing of 280 by 132; its template has the same numbers.
pub(super) const LEFT: f64 = 36.0;
pub(super) const RIGHT: f64 = 226.0;
pub(super) const TOP: f64 = 12.0;
pub(super) const BOTTOM: f64 = 112.0;

/// The heights of values, with round numbers at both ends.
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    /// Holds all the values; absent when there is none.
    pub(super) fn over(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            low = low.min(value);
            high = high.max(value);
        }
        if !(low.is_finite() && high.is_finite()) {
            return None;
        }
        if high - low < 1e-9 {
            let air = (high.abs() * 0.1).max(1.0);
            (low, high) = (low - air, high + air);
        }
        let step = round_step((high - low) / 3.0);
        Some(Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, step })
    }

    /// Where a value lies: the higher, the nearer to the top.
    pub(super) fn y(&self, value: f64) -> f64 {
        tenth(BOTTOM - (value - self.low) / (self.high - self.low) * (BOTTOM - TOP))
    }

    /// The round numbers from the lowest to the highest.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count).map(|at| self.low + self.step * at as f64).collect()
    }
}

/// The places of so many points, side by side: the first, and the step to the next.
pub(super) fn across(count: usize) -> (f64, f64) {
    match count {
        0 | 1 => (RIGHT, 0.0),
        _ => (LEFT, (RIGHT - LEFT) / (count - 1) as f64),
    }
}

/// To a tenth: finer is not seen, and weighs.
pub(super) fn tenth(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

/// The next of 1, 2, 5, 10, 20, 50 …
fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough * 0.999).unwrap_or(10.0);
    factor * power
}

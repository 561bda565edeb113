//! What is usual for a person: the mean of the days before, and how far days stray from it.

use super::Point;

/// How many days before a day make its baseline.
const DAYS: usize = 28;
/// Fewer values than these say nothing about what is usual.
const FEWEST: usize = 7;

/// What is usual: from one deviation below the mean to one above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Band {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

impl Band {
    /// The lower edge.
    pub(crate) fn low(self) -> f64 {
        self.mean - self.deviation
    }

    /// The upper edge.
    pub(crate) fn high(self) -> f64 {
        self.mean + self.deviation
    }
}

/// The baseline of the day that follows these; absent until enough was measured.
pub(crate) fn baseline(before: &[Point]) -> Option<Band> {
    let recent = &before[before.len().saturating_sub(DAYS)..];
    let values: Vec<f64> = recent.iter().filter_map(Point::finite).collect();
    if values.len() < FEWEST {
        return None;
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Some(Band { mean, deviation: variance.sqrt() })
}

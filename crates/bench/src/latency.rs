//! How long things took, and which share of them took no longer.

use std::time::Duration;

/// How long each of many things took.
#[derive(Default)]
pub(crate) struct Latencies {
    millis: Vec<f64>,
}

impl Latencies {
    pub(crate) fn add(&mut self, took: Duration) {
        self.add_millis(took.as_secs_f64() * 1000.0);
    }

    pub(crate) fn add_millis(&mut self, millis: f64) {
        self.millis.push(millis);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.millis.extend(other.millis);
    }

    pub(crate) fn count(&self) -> usize {
        self.millis.len()
    }

    /// The times within which half, 99 of 100 and all were done.
    pub(crate) fn spread(&mut self) -> Spread {
        self.millis.sort_by(f64::total_cmp);
        Spread { p50: self.within(0.5), p99: self.within(0.99), most: self.within(1.0) }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of a list")]
    fn within(&self, share: f64) -> f64 {
        let rank = (share * self.millis.len() as f64).ceil() as usize;
        self.millis.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}

/// Milliseconds within which half, 99 of 100 and all were done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) most: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_counted_from_the_fastest() {
        let mut latencies = Latencies::default();
        (1..=200).rev().for_each(|millis| latencies.add(Duration::from_millis(millis)));
        let spread = latencies.spread();
        assert_eq!((spread.p50, spread.p99, spread.most), (100.0, 198.0, 200.0));
    }

    #[test]
    fn the_only_one_is_every_share() {
        let mut latencies = Latencies::default();
        latencies.add_millis(7.0);
        let spread = latencies.spread();
        assert_eq!((spread.p50, spread.p99), (7.0, 7.0));
        assert!(Latencies::default().spread().p99.is_nan(), "nothing was measured");
    }
}

//! A dense series: one record per connection, source and day.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Samples of a day, in the order of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// `bpm` or `percent`.
    pub unit: String,
    /// What the samples were taken in: `awake`, `sleep`, `workout` …
    pub source: Option<String>,
    pub samples: Vec<Sample>,
}

/// A value and the second of its day (UTC) at which it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample(pub i64, pub f64);

impl Series {
    /// The samples of both; where both have one, the newer's.
    pub fn after(self, older: &Self) -> Self {
        let samples: BTreeMap<i64, f64> =
            older.samples.iter().chain(&self.samples).map(|Sample(second, value)| (*second, *value)).collect();
        Self { samples: samples.into_iter().map(|(second, value)| Sample(second, value)).collect(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(samples: &[(i64, f64)]) -> Series {
        let samples = samples.iter().map(|(second, value)| Sample(*second, *value)).collect();
        Series { unit: "bpm".into(), source: None, samples }
    }

    #[test]
    fn half_a_day_does_not_wipe_out_the_other_half() {
        let morning = series(&[(100, 60.0), (200, 61.0)]);
        let evening = series(&[(200, 65.0), (300, 70.0)]);
        assert_eq!(evening.after(&morning), series(&[(100, 60.0), (200, 65.0), (300, 70.0)]));
    }
}

//! Records as series of days: what the dashboard shows as figures and charts.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use model::{
    Kind, StoredRecord,
    record::{Body, SleepType},
};

use crate::views::{
    Figure,
    chart::{Chart, Point, Series, against_baseline, number},
};

/// Days before those shown, for the baseline of the first one.
const BEFORE: u32 = 30;
/// A figure that is older says nothing of now.
const FRESH_DAYS: i64 = 7;

/// The kinds that the dashboard is made from.
pub(super) const KINDS: [Kind; 4] = [Kind::Sleep, Kind::SleepScore, Kind::Readiness, Kind::Activity];

/// What can be read off a day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Measure {
    SleepScore,
    Readiness,
    ActivityScore,
    Hrv,
    Steps,
}

/// Values by day, each with the provider that it came from.
type Days = BTreeMap<Date, (f64, String)>;

/// A person's days up to today.
pub(super) struct Trends {
    today: Date,
    shown: u32,
    records: Vec<StoredRecord>,
}

/// The first day whose records are needed to show so many days.
pub(super) fn first_day(today: Date, shown: u32) -> Date {
    today.saturating_sub(i64::from(shown + BEFORE - 1).days())
}

impl Trends {
    pub(super) fn new(today: Date, shown: u32, records: Vec<StoredRecord>) -> Self {
        Self { today, shown, records }
    }

    /// The four big numbers.
    pub(super) fn figures(&self, provider_name: impl Fn(&str) -> String) -> Vec<Figure> {
        let measures = [Measure::SleepScore, Measure::Readiness, Measure::ActivityScore, Measure::Hrv];
        measures.map(|measure| self.figure(measure, &provider_name)).into()
    }

    /// The four charts.
    pub(super) fn charts(&self) -> Vec<Chart> {
        let line = |measure| Chart::line(&self.series(measure, &self.days(measure)));
        vec![
            line(Measure::SleepScore),
            line(Measure::Readiness),
            line(Measure::Hrv),
            Chart::bars(&self.series(Measure::Steps, &self.days(Measure::Steps))),
        ]
    }

    fn figure(&self, measure: Measure, provider_name: impl Fn(&str) -> String) -> Figure {
        let days = self.days(measure);
        let oldest = self.today.saturating_sub(FRESH_DAYS.days());
        let latest = days.range(oldest..).next_back();
        let (label, unit) = measure.label();
        Figure {
            label: label.to_owned(),
            value: latest.map(|(_, (value, _))| number(*value, 0)),
            unit: unit.to_owned(),
            note: latest.and_then(|_| against_baseline(&self.series(measure, &days))),
            origin: match latest {
                Some((day, (_, provider))) => format!("{}, from {}", self.when(measure, *day), provider_name(provider)),
                None => format!("nothing in the last {FRESH_DAYS} days"),
            },
        }
    }

    fn when(&self, measure: Measure, day: Date) -> String {
        let ago = day.until(self.today).map_or(i32::MAX, |between| between.get_days());
        match (ago, measure.is_of_the_night()) {
            (0, true) => "last night".to_owned(),
            (1, true) => "the night before".to_owned(),
            (0, false) if measure == Measure::ActivityScore => "today so far".to_owned(),
            (0, false) => "today".to_owned(),
            (1, false) => "yesterday".to_owned(),
            _ => day.strftime("%-d %b").to_string(),
        }
    }

    fn series(&self, measure: Measure, days: &Days) -> Series {
        let (title, unit) = measure.title();
        let first = first_day(self.today, self.shown);
        let all = first.series(1.day()).take_while(|day| *day <= self.today);
        let points = all.map(|day| Point { day, value: days.get(&day).map(|(value, _)| *value) }).collect();
        Series { title: title.to_owned(), unit: unit.to_owned(), decimals: 0, points, shown: self.shown as usize }
    }

    /// Where two records speak of a day, the one written last has the word.
    fn days(&self, measure: Measure) -> Days {
        let mut records: Vec<_> = self.records.iter().collect();
        records.sort_by_key(|record| record.updated_at);
        let values = records.into_iter().filter_map(|record| {
            Some((record.record.day?, (measure.read(&record.record.body)?, record.provider.clone())))
        });
        values.collect()
    }
}

impl Measure {
    fn label(self) -> (&'static str, &'static str) {
        match self {
            Self::SleepScore => ("Sleep", "of 100"),
            Self::Readiness => ("Readiness", "of 100"),
            Self::ActivityScore => ("Activity", "of 100"),
            Self::Hrv => ("HRV", "ms"),
            Self::Steps => ("Steps", ""),
        }
    }

    fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::SleepScore => ("Sleep score", ""),
            Self::Readiness => ("Readiness", ""),
            Self::ActivityScore => ("Activity score", ""),
            Self::Hrv => ("HRV at night", "ms"),
            Self::Steps => ("Steps", ""),
        }
    }

    fn is_of_the_night(self) -> bool {
        matches!(self, Self::SleepScore | Self::Hrv)
    }

    fn read(self, body: &Body) -> Option<f64> {
        match (self, body) {
            (Self::SleepScore, Body::SleepScore(score)) => score.score,
            (Self::Readiness, Body::Readiness(readiness)) => readiness.score,
            (Self::ActivityScore, Body::Activity(activity)) => activity.score,
            (Self::Steps, Body::Activity(activity)) => activity.steps.map(|steps| steps as f64),
            (Self::Hrv, Body::Sleep(sleep)) if sleep.sleep_type == SleepType::Night => sleep.hrv_rmssd_ms,
            _ => None,
        }
    }
}

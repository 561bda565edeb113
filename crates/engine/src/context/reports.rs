//! What each connection reports of each day, as far as it is shared, and which report is told.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use model::{
    ConnectionId, Kind, RecordId, Sharing, StoredRecord,
    record::{
        Activity, Body, CardiovascularAge, Profile, Readiness, Resilience, Sleep, SleepScore, SleepType, Spo2, Stress,
        Vo2Max,
    },
};

use super::{Freshness, Line, Material, Measure, Priority, fact::Fact};

/// All reports, by day and connection.
pub(super) struct Reports<'a> {
    pub(super) today: Date,
    pub(super) is_morning: bool,
    zone: TimeZone,
    days: BTreeMap<Date, BTreeMap<ConnectionId, Report<'a>>>,
}

/// What one connection reports of one day.
pub(super) struct Report<'a> {
    pub(super) day: Date,
    /// The source's name.
    pub(super) source: &'a str,
    /// When the source was last synced.
    pub(super) synced_at: Timestamp,
    records: Vec<&'a StoredRecord>,
}

impl<'a> Reports<'a> {
    /// Files what is shared. Nothing else is ever looked at.
    pub(super) fn new(material: &'a Material, sharing: &Sharing) -> Self {
        let local = material.now.to_zoned(material.zone.clone());
        let (today, is_morning) = (local.date(), local.hour() < 12);
        // A traveller's device may already be a day ahead of the person's zone. Later days are a device's mistake,
        // and would hide the real ones.
        let latest = today.saturating_add(1.day());
        let shared: Vec<_> = material.records.iter().filter(|stored| sharing.allows_kind(stored.kind)).collect();
        let mut days: BTreeMap<_, BTreeMap<_, Report<'a>>> = BTreeMap::new();
        for &stored in &shared {
            let Some(day) = day_of(stored, &material.zone).filter(|day| *day <= latest) else { continue };
            let report = days.entry(day).or_default().entry(stored.connection_id).or_insert_with(|| Report {
                day,
                source: name_of(material, &stored.provider),
                synced_at: synced_at(material, &shared, stored),
                records: Vec::new(),
            });
            report.records.push(stored);
        }
        Self { today, is_morning, zone: material.zone.clone(), days }
    }

    /// The newest day on which somebody has something to tell, as told by the connection that tells most.
    pub(super) fn newest(
        &self,
        since: Date,
        kinds: &[Kind],
        tell: impl Fn(&Report<'a>) -> Vec<Line>,
    ) -> Option<(&Report<'a>, Vec<Line>)> {
        self.days.range(since..).rev().find_map(|(_, reports)| {
            let told = reports.values().map(|report| (report, tell(report)));
            told.filter(|(_, lines)| !lines.is_empty())
                .max_by_key(|(report, lines)| (completeness(lines), report.newest_of(kinds)))
        })
    }

    /// The sources that report anything, with their last sync.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&'a str, Timestamp)> {
        self.days.values().flat_map(BTreeMap::values).map(|report| (report.source, report.synced_at))
    }

    /// How long ago a day was.
    pub(super) fn freshness(&self, day: Date) -> Freshness {
        match self.age_in_days(day) {
            ..=0 => Freshness::Today,
            1 => Freshness::Yesterday,
            2 => Freshness::Recent,
            3.. => Freshness::Old,
        }
    }

    /// How many days ago a day was.
    pub(super) fn age_in_days(&self, day: Date) -> i64 {
        i64::from((self.today - day).get_days())
    }

    /// Whether a report's day was over when its source was last synced: else its evening is not in it.
    pub(super) fn was_over_at_sync(&self, report: &Report<'_>, kind: Kind) -> bool {
        report.ends_at(kind).or_else(|| self.midnight_after(report.day)).is_some_and(|end| end <= report.synced_at)
    }

    fn midnight_after(&self, day: Date) -> Option<Timestamp> {
        let midnight = day.tomorrow().and_then(|next| next.to_zoned(self.zone.clone()));
        midnight.ok().map(|midnight| midnight.timestamp())
    }
}

impl<'a> Report<'a> {
    /// The content of a kind. Where a provider has two for a day, the one that changed last.
    pub(super) fn content<T: Content>(&self) -> Option<&'a T> {
        let contents = self.records.iter().filter_map(|stored| Some((stored, T::of(&stored.record.body)?)));
        contents.max_by_key(|(stored, _)| (stored.updated_at, stored.id)).map(|(_, content)| content)
    }

    /// The main sleep: the longest that is no nap.
    pub(super) fn night(&self) -> Option<&'a Sleep> {
        let sleeps = self.records.iter().filter_map(|stored| Some((stored, Sleep::of(&stored.record.body)?)));
        sleeps
            .filter(|(_, sleep)| sleep.sleep_type == SleepType::Night)
            .max_by_key(|(stored, sleep)| {
                (sleep.total_sleep_seconds, sleep.time_in_bed_seconds, stored.updated_at, stored.id)
            })
            .map(|(_, sleep)| sleep)
    }

    /// When the provider's own day ends, which need not be at midnight (a day of activity may begin at 04:00).
    fn ends_at(&self, kind: Kind) -> Option<Timestamp> {
        let ends = self.records.iter().filter(|stored| stored.kind == kind).filter_map(|stored| {
            let after_a_day = || stored.record.starts_at.and_then(|start| start.checked_add(24.hours()).ok());
            stored.record.ends_at.or_else(after_a_day)
        });
        ends.max()
    }

    /// A line, when there is something to say.
    pub(super) fn line(&self, label: &'static str, priority: Priority, fact: Option<Fact>) -> Option<Line> {
        let Fact { text, value, unit } = fact?;
        let source = self.source.to_owned();
        Some(Line { label, text, value, unit, measure: None, source, day: self.day, priority })
    }

    /// A score with what was measured behind it, or whichever of them there is.
    pub(super) fn scored(&self, label: &'static str, score: Option<Fact>, measured: Option<Fact>) -> Option<Line> {
        match self.line(label, Priority::Contributor, score) {
            Some(line) => Some(line.measured(measured)),
            None => self.line(label, Priority::Measure, measured),
        }
    }

    /// The last change among some kinds: what decides between reports that are equal otherwise.
    fn newest_of(&self, kinds: &[Kind]) -> Option<(Timestamp, RecordId)> {
        let records = self.records.iter().filter(|stored| kinds.contains(&stored.kind));
        records.map(|stored| (stored.updated_at, stored.id)).max()
    }
}

impl Line {
    /// Adds what was measured behind a score.
    pub(super) fn measured(mut self, measured: Option<Fact>) -> Self {
        if let Some(Fact { text, value, unit }) = measured {
            self.text = format!("{} ({text})", self.text);
            self.measure = Some(Measure { value, unit });
        }
        self
    }
}

/// How much lines tell.
fn completeness(lines: &[Line]) -> usize {
    lines.len() + lines.iter().filter(|line| line.measure.is_some()).count()
}

/// The day that a record counts for. A profile has none: it counts for the day on which it changed.
fn day_of(stored: &StoredRecord, zone: &TimeZone) -> Option<Date> {
    match stored.kind {
        Kind::Profile => Some(stored.updated_at.to_zoned(zone.clone()).date()),
        _ => stored.record.day,
    }
}

/// A provider's name. One that is connected no longer, whose data was kept, goes by its id.
fn name_of<'a>(material: &'a Material, provider: &'a str) -> &'a str {
    material.sources.iter().find(|source| source.provider == provider).map_or(provider, |source| &source.name)
}

/// When a record's provider was last synced. During the first sync, or after a disconnect: when its data last changed.
fn synced_at(material: &Material, shared: &[&StoredRecord], stored: &StoredRecord) -> Timestamp {
    let sources = material.sources.iter().filter(|source| source.provider == stored.provider);
    let changed = shared.iter().filter(|other| other.provider == stored.provider).map(|other| other.updated_at);
    sources.filter_map(|source| source.last_sync_at).max().or_else(|| changed.max()).unwrap_or(stored.updated_at)
}

/// A kind's content, taken out of a record's body.
pub(super) trait Content: Sized {
    fn of(body: &Body) -> Option<&Self>;
}

macro_rules! contents {
    ($($kind:ident),* $(,)?) => {$(
        impl Content for $kind {
            fn of(body: &Body) -> Option<&Self> {
                match body {
                    Body::$kind(content) => Some(content),
                    _ => None,
                }
            }
        }
    )*};
}

contents!(Activity, CardiovascularAge, Profile, Readiness, Resilience, Sleep, SleepScore, Spo2, Stress, Vo2Max);

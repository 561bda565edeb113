//! The invented people that the tests speak of.

use jiff::{Timestamp, ToSpan, civil::Date, tz};
use model::{
    ConnectionId, Record, RecordId, Sharing, StoredRecord, Topic,
    record::{
        Activity, Body, CardiovascularAge, Profile, Readiness, ReadinessContributors, Resilience, Sleep,
        SleepContributors, SleepScore, SleepType, Spo2, Stress, Vo2Max,
    },
};
use uuid::Uuid;

use crate::context::{Context, Material, Source, compose};

/// Ten in the morning of the 26th where the people live.
pub(super) fn now() -> Timestamp {
    "2026-01-26T09:00:00Z".parse().unwrap()
}

/// So many days before the people's today.
pub(super) fn days_ago(days: i64) -> Date {
    Date::constant(2026, 1, 26).saturating_sub(days.days())
}

/// Nobody's data yet, from a ring that synced two hours ago.
pub(super) fn empty() -> Material {
    Material { now: now(), zone: tz::offset(1).to_time_zone(), sources: vec![oura()], records: Vec::new() }
}

pub(super) fn oura() -> Source {
    source("oura", "Oura", 2)
}

pub(super) fn whoop() -> Source {
    source("whoop", "WHOOP", 2)
}

pub(super) fn source(provider: &str, name: &str, hours_ago: i64) -> Source {
    Source {
        provider: provider.to_owned(),
        name: name.to_owned(),
        last_sync_at: Some(now() - hours_ago.hours()),
        healthy: true,
        missing: Vec::new(),
    }
}

/// A record of Oura's: connection 1.
pub(super) fn told(day: Date, body: impl Into<Told>) -> StoredRecord {
    told_by("oura", 1, day, body)
}

pub(super) fn told_by(provider: &str, connection: u128, day: Date, body: impl Into<Told>) -> StoredRecord {
    let Told(body) = body.into();
    let kind = body.kind();
    let record = Record {
        provider_id: format!("{kind}-{day}"),
        day: Some(day),
        starts_at: None,
        ends_at: None,
        zone_offset_seconds: None,
        body,
    };
    StoredRecord {
        id: RecordId(Uuid::from_u128(connection)),
        connection_id: ConnectionId(Uuid::from_u128(connection)),
        provider: provider.to_owned(),
        kind,
        revision: 1,
        updated_at: now() - 2.hours(),
        record,
    }
}

/// A body, from the content of any kind.
#[derive(Clone, Debug)]
pub(super) struct Told(Body);

macro_rules! told {
    ($($kind:ident)*) => {$(
        impl From<$kind> for Told {
            fn from(content: $kind) -> Self {
                Self(Body::$kind(content))
            }
        }
    )*};
}

told!(Activity CardiovascularAge Profile Readiness Resilience Sleep SleepScore Spo2 Stress Vo2Max);

pub(super) fn sleep_score(score: f64) -> SleepScore {
    let contributors = SleepContributors {
        deep_sleep: Some(80.0),
        rem_sleep: Some(74.0),
        efficiency: Some(91.0),
        restfulness: Some(68.0),
        ..Default::default()
    };
    SleepScore { score: Some(score), contributors }
}

pub(super) fn night() -> Sleep {
    Sleep {
        total_sleep_seconds: Some(26_640),
        deep_sleep_seconds: Some(4_320),
        rem_sleep_seconds: Some(6_480),
        efficiency_percent: Some(93.0),
        lowest_heart_rate_bpm: Some(48.0),
        ..Default::default()
    }
}

pub(super) fn nap() -> Sleep {
    let total_sleep_seconds = Some(90_000);
    Sleep { sleep_type: SleepType::Nap, total_sleep_seconds, deep_sleep_seconds: Some(60), ..Default::default() }
}

pub(super) fn readiness(score: f64) -> Readiness {
    let contributors = ReadinessContributors {
        hrv_balance: Some(77.0),
        resting_heart_rate: Some(82.0),
        recovery_index: Some(95.0),
        ..Default::default()
    };
    Readiness { score: Some(score), temperature_deviation_celsius: Some(0.08), contributors, ..Default::default() }
}

pub(super) fn activity(score: f64, steps: i64) -> Activity {
    Activity { score: Some(score), steps: Some(steps), active_energy_kcal: Some(412.0), ..Default::default() }
}

pub(super) fn profile() -> Profile {
    Profile {
        age_years: Some(41),
        height_metres: Some(1.78),
        weight_kilograms: Some(70.5),
        biological_sex: Some("unsaid".to_owned()),
        email: Some("person@example.org".to_owned()),
    }
}

/// A morning with everything in it.
pub(super) fn morning() -> Material {
    let (today, yesterday) = (days_ago(0), days_ago(1));
    let stress =
        Stress { high_stress_seconds: Some(5_400), summary: Some("restored".to_owned()), ..Default::default() };
    let records = vec![
        told(yesterday, sleep_score(61.0)),
        told(today, sleep_score(85.0)),
        told(today, night()),
        told(today, nap()),
        told(today, readiness(78.0)),
        told(yesterday, activity(91.0, 8_543)),
        told(yesterday, stress),
        told(yesterday, Resilience { level: Some("solid".to_owned()), ..Default::default() }),
        told(today, Spo2 { average_percent: Some(97.2), ..Default::default() }),
        told(days_ago(2), Vo2Max { vo2_max_ml_per_kg_per_minute: Some(44.0) }),
        told(days_ago(30), CardiovascularAge { vascular_age_years: Some(39.0), ..Default::default() }),
        told(today, profile()),
    ];
    Material { records, ..empty() }
}

pub(super) fn only(topics: &[Topic]) -> Sharing {
    Sharing { everything: true, topics: topics.iter().copied().collect() }
}

/// The main three.
pub(super) fn main_three() -> Sharing {
    only(&[Topic::Sleep, Topic::Readiness, Topic::Activity])
}

pub(super) fn context(material: &Material, sharing: &Sharing) -> Context {
    compose(material, sharing).expect("something to say")
}

pub(super) fn text(material: &Material, sharing: &Sharing) -> String {
    context(material, sharing).to_markdown()
}

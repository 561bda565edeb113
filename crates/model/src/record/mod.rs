//! A normalised fact with the provider's own identity. One file per kind, units in the names.

mod activity;
mod bedtime_guidance;
mod body;
mod cardiovascular_age;
mod device;
mod profile;
mod readiness;
mod resilience;
mod rest_mode;
mod series;
mod session;
mod sleep;
mod sleep_score;
mod spo2;
mod stress;
mod tag;
mod vo2_max;
mod workout;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

pub use self::{
    activity::{Activity, ActivityContributors},
    bedtime_guidance::BedtimeGuidance,
    body::Body,
    cardiovascular_age::CardiovascularAge,
    device::Device,
    profile::Profile,
    readiness::{Readiness, ReadinessContributors},
    resilience::Resilience,
    rest_mode::{RestEpisode, RestMode},
    series::{Sample, Series},
    session::Session,
    sleep::{Sleep, SleepType, Trace},
    sleep_score::{SleepContributors, SleepScore},
    spo2::Spo2,
    stress::Stress,
    tag::Tag,
    vo2_max::Vo2Max,
    workout::Workout,
};
use crate::{ConnectionId, RecordId, words::words};

words! {
    /// What a record tells.
    pub enum Kind as "kind" {
        /// One period of sleep: a night or a nap.
        Sleep = "sleep",
        /// How well a night was, as the provider scores it.
        SleepScore = "sleep_score",
        BedtimeGuidance = "bedtime_guidance",
        Readiness = "readiness",
        RestMode = "rest_mode",
        /// A day's movement.
        Activity = "activity",
        Workout = "workout",
        /// Heart rate over a day.
        HeartRate = "heart_rate",
        Spo2 = "spo2",
        CardiovascularAge = "cardiovascular_age",
        Vo2Max = "vo2_max",
        Stress = "stress",
        Resilience = "resilience",
        /// A moment of breathing, meditation or rest.
        Session = "session",
        /// What a person noted.
        Tag = "tag",
        Profile = "profile",
        Device = "device",
        /// A device's charge over a day.
        Battery = "battery",
    }
}

words! {
    /// What kinds are about: the switches of sharing.
    pub enum Topic as "topic" {
        Sleep = "sleep",
        Readiness = "readiness",
        Activity = "activity",
        Heart = "heart",
        Stress = "stress",
        Body = "body",
    }
}

impl Kind {
    /// What the kind is about.
    pub fn topic(self) -> Topic {
        match self {
            Self::Sleep | Self::SleepScore | Self::BedtimeGuidance => Topic::Sleep,
            Self::Readiness | Self::RestMode => Topic::Readiness,
            Self::Activity | Self::Workout => Topic::Activity,
            Self::HeartRate | Self::Spo2 | Self::CardiovascularAge | Self::Vo2Max => Topic::Heart,
            Self::Stress | Self::Resilience | Self::Session => Topic::Stress,
            Self::Tag | Self::Profile | Self::Device | Self::Battery => Topic::Body,
        }
    }

    /// How a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sleep => "sleep periods",
            Self::SleepScore => "sleep scores",
            Self::BedtimeGuidance => "bedtime guidance",
            Self::Readiness => "readiness",
            Self::RestMode => "rest mode",
            Self::Activity => "daily activity",
            Self::Workout => "workouts",
            Self::HeartRate => "heart rate",
            Self::Spo2 => "blood oxygen",
            Self::CardiovascularAge => "cardiovascular age",
            Self::Vo2Max => "VO2 max",
            Self::Stress => "daily stress",
            Self::Resilience => "resilience",
            Self::Session => "breathing and rest sessions",
            Self::Tag => "tags and notes",
            Self::Profile => "age, height, weight, e-mail",
            Self::Device => "device model",
            Self::Battery => "device battery",
        }
    }
}

impl Topic {
    /// The kinds about it.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.iter().copied().filter(move |kind| kind.topic() == self)
    }

    /// How a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sleep => "Sleep",
            Self::Readiness => "Readiness",
            Self::Activity => "Activity",
            Self::Heart => "Heart",
            Self::Stress => "Stress",
            Self::Body => "Body and device",
        }
    }
}

/// A fact as a provider's mapper yields it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// The provider's own identity of the fact.
    pub provider_id: String,
    /// The civil day it counts for, as the provider says.
    pub day: Option<Date>,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    /// The person's offset from UTC when it happened.
    pub zone_offset_seconds: Option<i32>,
    pub body: Body,
}

impl Record {
    /// What the record tells.
    pub fn kind(&self) -> Kind {
        self.body.kind()
    }
}

/// A record as it is kept.
#[derive(Clone, Debug, Serialize)]
pub struct StoredRecord {
    pub id: RecordId,
    pub connection_id: ConnectionId,
    pub provider: String,
    pub kind: Kind,
    /// 1 when it was added, one more with each revision.
    pub revision: i64,
    pub updated_at: Timestamp,
    #[serde(flatten)]
    pub record: Record,
}

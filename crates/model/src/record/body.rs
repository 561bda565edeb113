//! The content of a record, one shape for each kind.

use serde::Serialize;
use serde_json::Value;

use super::{
    Activity, BedtimeGuidance, CardiovascularAge, Device, Kind, Profile, Readiness, Resilience, RestMode, Series,
    Session, Sleep, SleepScore, Spo2, Stress, Tag, Vo2Max, Workout,
};

macro_rules! bodies {
    ($($kind:ident($content:ty)),* $(,)?) => {
        /// The content of a record.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Body {
            $($kind($content),)*
        }

        impl Body {
            /// What the content tells.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// Reads content of a kind back from JSON.
            pub fn parse(kind: Kind, json: Value) -> serde_json::Result<Self> {
                match kind {
                    $(Kind::$kind => serde_json::from_value(json).map(Self::$kind),)*
                }
            }
        }
    };
}

bodies! {
    Sleep(Sleep),
    SleepScore(SleepScore),
    BedtimeGuidance(BedtimeGuidance),
    Readiness(Readiness),
    RestMode(RestMode),
    Activity(Activity),
    Workout(Workout),
    HeartRate(Series),
    Spo2(Spo2),
    CardiovascularAge(CardiovascularAge),
    Vo2Max(Vo2Max),
    Stress(Stress),
    Resilience(Resilience),
    Session(Session),
    Tag(Tag),
    Profile(Profile),
    Device(Device),
    Battery(Series),
}

impl Body {
    /// Whether an answer may bring a part of it only: of a dense series, some hours of the day.
    pub fn may_be_partial(&self) -> bool {
        matches!(self, Self::HeartRate(_) | Self::Battery(_))
    }

    /// What is known after both: a dense series keeps the samples of both, anything else is replaced by the newer.
    pub fn after(self, older: &Self) -> Self {
        match (self, older) {
            (Self::HeartRate(newer), Self::HeartRate(older)) => Self::HeartRate(newer.after(older)),
            (Self::Battery(newer), Self::Battery(older)) => Self::Battery(newer.after(older)),
            (newer, _) => newer,
        }
    }
}

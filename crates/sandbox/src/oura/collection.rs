//! Oura's collections: their names, the scopes that open them, and what can be asked of them.

/// What a collection can be asked with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// Documents, by `start_date` and `end_date`.
    Dated,
    /// Documents, all of them.
    Undated,
    /// Rows without identity, by `start_datetime` and `end_datetime`.
    Series,
    /// One object about the person.
    Person,
}

/// A collection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Collection {
    DailyActivity,
    DailyCardiovascularAge,
    DailyReadiness,
    DailyResilience,
    DailySleep,
    DailySpo2,
    DailyStress,
    EnhancedTag,
    RestModePeriod,
    Session,
    Sleep,
    SleepTime,
    Tag,
    Vo2Max,
    Workout,
    HeartRate,
    RingBatteryLevel,
    RingConfiguration,
    PersonalInfo,
}

use Collection::{
    DailyActivity, DailyCardiovascularAge, DailyReadiness, DailyResilience, DailySleep, DailySpo2, DailyStress,
    EnhancedTag, HeartRate, PersonalInfo, RestModePeriod, RingBatteryLevel, RingConfiguration, Session, Sleep,
    SleepTime, Tag, Vo2Max, Workout,
};

/// Every collection with its name in paths and the scopes of which one opens it.
///
/// Oura publishes no such table: this is what its clients met. Sources disagree about `daily_stress`, so either scope
/// opens it. `personal_info` opens to any token.
const TABLE: [(Collection, &str, &[&str]); 19] = [
    (DailyActivity, "daily_activity", &["daily"]),
    (DailyCardiovascularAge, "daily_cardiovascular_age", &["heart_health"]),
    (DailyReadiness, "daily_readiness", &["daily"]),
    (DailyResilience, "daily_resilience", &["stress"]),
    (DailySleep, "daily_sleep", &["daily"]),
    (DailySpo2, "daily_spo2", &["spo2"]),
    (DailyStress, "daily_stress", &["stress", "daily"]),
    (EnhancedTag, "enhanced_tag", &["tag"]),
    (RestModePeriod, "rest_mode_period", &["daily"]),
    (Session, "session", &["session"]),
    (Sleep, "sleep", &["daily"]),
    (SleepTime, "sleep_time", &["daily"]),
    (Tag, "tag", &["tag"]),
    (Vo2Max, "vO2_max", &["heart_health"]),
    (Workout, "workout", &["workout"]),
    (HeartRate, "heartrate", &["heartrate"]),
    (RingBatteryLevel, "ring_battery_level", &["ring_configuration"]),
    (RingConfiguration, "ring_configuration", &["ring_configuration"]),
    (PersonalInfo, "personal_info", &[]),
];

impl Collection {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(collection, ..)| *collection)
    }

    /// The collection of a name, to the letter: Oura's paths mind their case.
    pub(super) fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|(_, known, _)| *known == name).map(|(collection, ..)| *collection)
    }

    pub(super) fn name(self) -> &'static str {
        TABLE.iter().find(|(known, ..)| *known == self).map_or("", |(_, name, _)| name)
    }

    /// What webhooks call it; nothing where they do not tell of it.
    pub(super) fn data_type(self) -> Option<&'static str> {
        match self {
            HeartRate | RingBatteryLevel | PersonalInfo => None,
            Vo2Max => Some("vo2_max"),
            other => Some(other.name()),
        }
    }

    pub(super) fn scopes(self) -> &'static [&'static str] {
        TABLE.iter().find(|(known, ..)| *known == self).map_or(&[], |(.., scopes)| scopes)
    }

    pub(super) fn shape(self) -> Shape {
        match self {
            HeartRate | RingBatteryLevel => Shape::Series,
            RingConfiguration => Shape::Undated,
            PersonalInfo => Shape::Person,
            _ => Shape::Dated,
        }
    }

    /// Whether `fields` chooses among its fields. Oura's specification says that these three do not.
    pub(super) fn selects_fields(self) -> bool {
        !matches!(self, Tag | EnhancedTag | DailyResilience)
    }
}

/// A scope with what Oura's consent page says of it.
pub(super) const SCOPES: [(&str, &str); 11] = [
    ("email", "E-mail address"),
    ("personal", "Age, weight, height and sex"),
    ("daily", "Daily summaries of sleep, activity and readiness"),
    ("heartrate", "Heart rate through the day"),
    ("workout", "Workouts"),
    ("tag", "Tags"),
    ("session", "Sessions of breathing, meditation and rest"),
    ("spo2", "Blood oxygen during sleep"),
    ("stress", "Stress and resilience"),
    ("heart_health", "Cardiovascular age and cardio capacity"),
    ("ring_configuration", "The ring and its battery"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_collection_is_in_the_table_once() {
        for collection in Collection::all() {
            assert_eq!(Collection::named(collection.name()), Some(collection));
            let known = |scope: &&str| SCOPES.iter().any(|(name, _)| name == scope);
            assert!(collection.scopes().iter().all(known), "{collection:?}");
        }
        assert_eq!(Collection::named("vo2_max"), None);
    }
}

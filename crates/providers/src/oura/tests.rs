//! What the provider does, shown on documents made up for it.

mod asking;
mod hooks;
mod manifest;
mod mapping;
mod mutated;
mod recorded;
mod refusals;
mod signing;
mod stub;
mod subscribing;

use super::Oura;

const FIXTURES: [(&str, &str); 19] = [
    ("sleep", include_str!("fixtures/sleep.json")),
    ("daily_sleep", include_str!("fixtures/daily_sleep.json")),
    ("sleep_time", include_str!("fixtures/sleep_time.json")),
    ("daily_readiness", include_str!("fixtures/daily_readiness.json")),
    ("rest_mode_period", include_str!("fixtures/rest_mode_period.json")),
    ("daily_activity", include_str!("fixtures/daily_activity.json")),
    ("workout", include_str!("fixtures/workout.json")),
    ("heartrate", include_str!("fixtures/heartrate.json")),
    ("daily_spo2", include_str!("fixtures/daily_spo2.json")),
    ("daily_cardiovascular_age", include_str!("fixtures/daily_cardiovascular_age.json")),
    ("vO2_max", include_str!("fixtures/vO2_max.json")),
    ("daily_stress", include_str!("fixtures/daily_stress.json")),
    ("daily_resilience", include_str!("fixtures/daily_resilience.json")),
    ("session", include_str!("fixtures/session.json")),
    ("enhanced_tag", include_str!("fixtures/enhanced_tag.json")),
    ("tag", include_str!("fixtures/tag.json")),
    ("personal_info", include_str!("fixtures/personal_info.json")),
    ("ring_configuration", include_str!("fixtures/ring_configuration.json")),
    ("ring_battery_level", include_str!("fixtures/ring_battery_level.json")),
];

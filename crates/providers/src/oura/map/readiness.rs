//! Readiness, and rest mode.

use model::record::{Body, Readiness, ReadinessContributors, RestEpisode, RestMode};

use super::{Told, lasting, of_day};
use crate::oura::wire::{Item, Read};

/// A day's readiness. Its timestamp is a midnight, often of UTC wherever the person is, so the day says it all.
pub(super) fn readiness(item: Item<'_>) -> Read<Told> {
    let of = item.part("contributors")?;
    let body = Body::Readiness(Readiness {
        score: item.number("score")?,
        temperature_deviation_celsius: item.number("temperature_deviation")?,
        temperature_trend_deviation_celsius: item.number("temperature_trend_deviation")?,
        contributors: ReadinessContributors {
            activity_balance: of.number("activity_balance")?,
            body_temperature: of.number("body_temperature")?,
            hrv_balance: of.number("hrv_balance")?,
            previous_day_activity: of.number("previous_day_activity")?,
            previous_night: of.number("previous_night")?,
            recovery_index: of.number("recovery_index")?,
            resting_heart_rate: of.number("resting_heart_rate")?,
            sleep_balance: of.number("sleep_balance")?,
            sleep_regularity: of.number("sleep_regularity")?,
        },
    });
    of_day(item, "day", body).map(Told::from)
}

/// A stretch of rest mode. While it lasts it has no end.
pub(super) fn rest_mode(item: Item<'_>) -> Read<Told> {
    let mut episodes = Vec::new();
    for part in item.parts("episodes")? {
        // An episode without a time cannot be placed; the raw page keeps it.
        if let Some(moment) = part.moment("timestamp")? {
            episodes.push(RestEpisode { at: moment.at, tags: part.texts("tags")? });
        }
    }
    let body = Body::RestMode(RestMode { end_day: item.date("end_day")?, episodes });
    lasting(of_day(item, "start_day", body)?, item, "start_time", "end_time").map(Told::from)
}

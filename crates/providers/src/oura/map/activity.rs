//! A day's movement, and workouts.

use model::record::{Activity, ActivityContributors, Body, Workout};

use super::{Told, beginning, lasting, of_day};
use crate::oura::wire::{Item, Read};

/// A day's movement, from its timestamp on: 04:00 local time.
pub(super) fn activity(item: Item<'_>) -> Read<Told> {
    let start = item.moment("timestamp")?.map(|start| start.at);
    let body = Body::Activity(Activity {
        score: item.number("score")?,
        steps: item.whole("steps")?,
        active_energy_kcal: item.number("active_calories")?,
        total_energy_kcal: item.number("total_calories")?,
        target_energy_kcal: item.number("target_calories")?,
        walking_distance_metres: item.number("equivalent_walking_distance")?,
        target_distance_metres: item.number("target_meters")?,
        high_activity_seconds: item.whole("high_activity_time")?,
        medium_activity_seconds: item.whole("medium_activity_time")?,
        low_activity_seconds: item.whole("low_activity_time")?,
        sedentary_seconds: item.whole("sedentary_time")?,
        resting_seconds: item.whole("resting_time")?,
        non_wear_seconds: item.whole("non_wear_time")?,
        inactivity_alerts: item.whole("inactivity_alerts")?,
        average_met: item.number("average_met_minutes")?,
        contributors: contributors(item.part("contributors")?)?,
        classes_5_min: item.text("class_5_min")?,
        met: item.trace("met", start)?,
    });
    beginning(of_day(item, "day", body)?, item, "timestamp").map(Told::from)
}

fn contributors(of: Item<'_>) -> Read<ActivityContributors> {
    Ok(ActivityContributors {
        meet_daily_targets: of.number("meet_daily_targets")?,
        move_every_hour: of.number("move_every_hour")?,
        recovery_time: of.number("recovery_time")?,
        stay_active: of.number("stay_active")?,
        training_frequency: of.number("training_frequency")?,
        training_volume: of.number("training_volume")?,
    })
}

/// A workout.
pub(super) fn workout(item: Item<'_>) -> Read<Told> {
    let body = Body::Workout(Workout {
        activity: item.text("activity")?,
        intensity: item.text("intensity")?,
        label: item.text("label")?,
        energy_kcal: item.number("calories")?,
        distance_metres: item.number("distance")?,
        source: item.text("source")?,
    });
    lasting(of_day(item, "day", body)?, item, "start_datetime", "end_datetime").map(Told::from)
}

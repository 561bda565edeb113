//! Stress, resilience, and moments of rest.

use model::record::{Body, Resilience, Session, Stress};

use super::{Told, lasting, of_day};
use crate::oura::wire::{Item, Read};

/// How a day's stress was spent.
pub(super) fn stress(item: Item<'_>) -> Read<Told> {
    let body = Body::Stress(Stress {
        high_stress_seconds: item.whole("stress_high")?,
        high_recovery_seconds: item.whole("recovery_high")?,
        summary: item.text("day_summary")?,
    });
    of_day(item, "day", body).map(Told::from)
}

/// How well a person withstands stress.
pub(super) fn resilience(item: Item<'_>) -> Read<Told> {
    let of = item.part("contributors")?;
    let body = Body::Resilience(Resilience {
        level: item.text("level")?,
        sleep_recovery: of.number("sleep_recovery")?,
        daytime_recovery: of.number("daytime_recovery")?,
        stress: of.number("stress")?,
    });
    of_day(item, "day", body).map(Told::from)
}

/// A moment of breathing, meditation or rest.
pub(super) fn session(item: Item<'_>) -> Read<Told> {
    let start = item.moment("start_datetime")?.map(|start| start.at);
    let body = Body::Session(Session {
        session_type: item.text("type")?,
        mood: item.text("mood")?,
        heart_rate_bpm: item.trace("heart_rate", start)?,
        hrv_ms: item.trace("heart_rate_variability", start)?,
        motion_count: item.trace("motion_count", start)?,
    });
    lasting(of_day(item, "day", body)?, item, "start_datetime", "end_datetime").map(Told::from)
}

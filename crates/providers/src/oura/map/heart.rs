//! Blood oxygen, cardiovascular age and VO2 max.

use model::record::{Body, CardiovascularAge, Spo2, Vo2Max};

use super::{Told, beginning, of_day, timeless};
use crate::oura::wire::{Item, Read};

/// A night's blood oxygen.
pub(super) fn spo2(item: Item<'_>) -> Read<Told> {
    let body = Body::Spo2(Spo2 {
        average_percent: item.part("spo2_percentage")?.number("average")?,
        breathing_disturbance_index: item.number("breathing_disturbance_index")?,
    });
    of_day(item, "day", body).map(Told::from)
}

/// A day's cardiovascular age. Documents of 2024 have no id (measured by others): there is one a day, so the day is it.
pub(super) fn cardiovascular_age(item: Item<'_>) -> Read<Told> {
    let body = Body::CardiovascularAge(CardiovascularAge {
        vascular_age_years: item.number("vascular_age")?,
        pulse_wave_velocity_metres_per_second: item.number("pulse_wave_velocity")?,
    });
    let day = item.day("day")?;
    let mut record = timeless(item.text("id")?.unwrap_or_else(|| day.to_string()), body);
    record.day = Some(day);
    Ok(record.into())
}

/// An estimate of VO2 max, and when it was made.
pub(super) fn vo2_max(item: Item<'_>) -> Read<Told> {
    let body = Body::Vo2Max(Vo2Max { vo2_max_ml_per_kg_per_minute: item.number("vo2_max")? });
    beginning(of_day(item, "day", body)?, item, "timestamp").map(Told::from)
}

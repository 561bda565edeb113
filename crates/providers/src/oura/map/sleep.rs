//! Sleep: periods, daily scores, and when to go to bed.

use model::{
    Kind,
    record::{BedtimeGuidance, Body, Sleep, SleepContributors, SleepScore, SleepType},
};

use super::{Told, lasting, of_day};
use crate::oura::wire::{Item, Read};

/// A period of sleep. The readiness within it is left out: it is that of the day, which `daily_readiness` brings.
pub(super) fn period(item: Item<'_>) -> Read<Told> {
    let sleep_type = match item.text("type")?.as_deref() {
        // Oura's API specification 1.37: a detection that proved false, and a period that the person removed.
        Some("rest" | "deleted") => return Ok(Told::Gone(Kind::Sleep, item.id()?)),
        Some("sleep" | "late_nap") => SleepType::Nap,
        // Also where Oura says nothing, or a new word: a night taken for a nap would be hidden from its reader, while
        // of several nights in a day readers take the longest.
        _ => SleepType::Night,
    };
    let start = item.moment("bedtime_start")?.map(|start| start.at);
    let stages = item.text("sleep_phase_5_min")?;
    let body = Body::Sleep(Sleep {
        sleep_type,
        total_sleep_seconds: item.whole("total_sleep_duration")?,
        deep_sleep_seconds: item.whole("deep_sleep_duration")?,
        rem_sleep_seconds: item.whole("rem_sleep_duration")?,
        light_sleep_seconds: item.whole("light_sleep_duration")?,
        awake_seconds: item.whole("awake_time")?,
        time_in_bed_seconds: item.whole("time_in_bed")?,
        latency_seconds: item.whole("latency")?,
        efficiency_percent: item.number("efficiency")?,
        restless_periods: item.whole("restless_periods")?,
        average_heart_rate_bpm: item.number("average_heart_rate")?,
        lowest_heart_rate_bpm: item.number("lowest_heart_rate")?,
        hrv_rmssd_ms: item.number("average_hrv")?,
        respiratory_rate_per_minute: item.number("average_breath")?,
        stages_5_min: if stages.is_some() { stages } else { item.text("app_sleep_phase_5_min")? },
        heart_rate_bpm: item.trace("heart_rate", start)?,
        hrv_ms: item.trace("hrv", start)?,
    });
    lasting(of_day(item, "day", body)?, item, "bedtime_start", "bedtime_end").map(Told::from)
}

/// A day's sleep score. Its timestamp is a midnight, often of UTC wherever the person is, so the day says it all.
pub(super) fn score(item: Item<'_>) -> Read<Told> {
    let of = item.part("contributors")?;
    let body = Body::SleepScore(SleepScore {
        score: item.number("score")?,
        contributors: SleepContributors {
            deep_sleep: of.number("deep_sleep")?,
            efficiency: of.number("efficiency")?,
            latency: of.number("latency")?,
            rem_sleep: of.number("rem_sleep")?,
            restfulness: of.number("restfulness")?,
            timing: of.number("timing")?,
            total_sleep: of.number("total_sleep")?,
        },
    });
    of_day(item, "day", body).map(Told::from)
}

/// When Oura would have a person go to bed.
pub(super) fn guidance(item: Item<'_>) -> Read<Told> {
    let bedtime = item.part("optimal_bedtime")?;
    let body = Body::BedtimeGuidance(BedtimeGuidance {
        recommendation: item.text("recommendation")?,
        status: item.text("status")?,
        optimal_start_seconds: bedtime.whole("start_offset")?,
        optimal_end_seconds: bedtime.whole("end_offset")?,
    });
    let mut record = of_day(item, "day", body)?;
    record.zone_offset_seconds = bedtime.whole("day_tz")?.and_then(|seconds| seconds.try_into().ok());
    Ok(record.into())
}

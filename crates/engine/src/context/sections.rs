//! The three main sections: the latest sleep, readiness and activity.

use jiff::civil::Date;
use model::{
    Kind, Sharing, Topic,
    record::{Activity, Readiness, SleepScore},
};

use super::{
    Freshness, Line, Priority, Section, background, fact,
    reports::{Report, Reports},
    unfinished, words,
};

/// The kinds that the context is made of: what there is to load for it.
pub const TOLD: &[Kind] = &[
    Kind::SleepScore,
    Kind::Sleep,
    Kind::Readiness,
    Kind::Activity,
    Kind::Stress,
    Kind::Resilience,
    Kind::Spo2,
    Kind::CardiovascularAge,
    Kind::Vo2Max,
    Kind::Profile,
];

/// All sections that have something to say, the most important first.
pub(super) fn all(reports: &Reports<'_>, sharing: &Sharing) -> Vec<Section> {
    let sections = [
        sleep(reports),
        readiness(reports, sharing),
        activity(reports),
        background::stress(reports),
        background::heart(reports),
        background::body(reports),
    ];
    sections.into_iter().flatten().collect()
}

/// The latest sleep: the provider's scores, with what was measured in that night.
fn sleep(reports: &Reports<'_>) -> Option<Section> {
    let (report, lines) = reports.newest(Date::MIN, &[Kind::SleepScore, Kind::Sleep], sleep_lines)?;
    let title = match reports.freshness(report.day) {
        Freshness::Today => "Last Night's Sleep",
        // Before noon tonight's sleep may still be going on, or on its way here.
        Freshness::Yesterday if reports.is_morning => "Last Night's Sleep",
        _ => "Latest Sleep",
    };
    Some(section(reports, report, Topic::Sleep, title.to_owned(), lines))
}

fn sleep_lines(report: &Report<'_>) -> Vec<Line> {
    let scored = report.content::<SleepScore>();
    let parts = scored.map(|it| &it.contributors);
    let night = report.night();
    let lines = [
        report.line("Sleep Score", Priority::Score, scored.and_then(|it| it.score).map(fact::score)),
        report.scored(
            "Deep Sleep",
            parts.and_then(|it| it.deep_sleep).map(fact::score),
            night.and_then(|it| it.deep_sleep_seconds).map(fact::duration),
        ),
        report.scored(
            "REM Sleep",
            parts.and_then(|it| it.rem_sleep).map(fact::score),
            night.and_then(|it| it.rem_sleep_seconds).map(fact::duration),
        ),
        report.scored(
            "Sleep Efficiency",
            parts.and_then(|it| it.efficiency).map(fact::score),
            night.and_then(|it| it.efficiency_percent).map(fact::percent),
        ),
        report.scored("Restfulness", parts.and_then(|it| it.restfulness).map(fact::score), None),
    ];
    lines.into_iter().flatten().collect()
}

/// The latest readiness. The night's pulse is said only where both the night and the heart are shared.
fn readiness(reports: &Reports<'_>, sharing: &Sharing) -> Option<Section> {
    let (report, mut lines) = reports.newest(Date::MIN, &[Kind::Readiness], readiness_lines)?;
    if sharing.allows(Topic::Heart) {
        let pulse = || report.night().and_then(|it| it.lowest_heart_rate_bpm).map(fact::beats);
        let add = |line: Line| if line.label == RESTING_HEART_RATE { line.measured(pulse()) } else { line };
        lines = lines.into_iter().map(add).collect();
    }
    let title = daily("Readiness", reports.freshness(report.day));
    Some(section(reports, report, Topic::Readiness, title, lines))
}

const RESTING_HEART_RATE: &str = "Resting Heart Rate";

fn readiness_lines(report: &Report<'_>) -> Vec<Line> {
    let Some(readiness) = report.content::<Readiness>() else { return Vec::new() };
    let parts = &readiness.contributors;
    let temperature = readiness.temperature_deviation_celsius.map(fact::degrees);
    let lines = [
        report.line("Readiness Score", Priority::Score, readiness.score.map(fact::score)),
        report.scored("HRV Balance", parts.hrv_balance.map(fact::score), None),
        report.scored(RESTING_HEART_RATE, parts.resting_heart_rate.map(fact::score), None),
        report.scored("Recovery Index", parts.recovery_index.map(fact::score), None),
        report.line("Temperature Deviation", Priority::Measure, temperature),
    ];
    lines.into_iter().flatten().collect()
}

/// The latest activity. A day that is not over says so: half a day's steps look like a lazy day.
fn activity(reports: &Reports<'_>) -> Option<Section> {
    let (report, lines) = reports.newest(Date::MIN, &[Kind::Activity], activity_lines)?;
    let mut title = daily("Activity", reports.freshness(report.day));
    if reports.freshness(report.day) == Freshness::Today {
        title.push_str(unfinished::SO_FAR);
    }
    let mut section = section(reports, report, Topic::Activity, title, lines);
    unfinished::say(&mut section, reports, report, Kind::Activity);
    Some(section)
}

fn activity_lines(report: &Report<'_>) -> Vec<Line> {
    let Some(activity) = report.content::<Activity>() else { return Vec::new() };
    let lines = [
        report.line("Activity Score", Priority::Score, activity.score.map(fact::score)),
        report.line("Steps", Priority::Measure, activity.steps.map(fact::steps)),
        report.line("Active Calories", Priority::Measure, activity.active_energy_kcal.map(fact::energy)),
    ];
    lines.into_iter().flatten().collect()
}

/// `Today's Readiness`, `Yesterday's Readiness`, `Latest Readiness`.
fn daily(what: &str, freshness: Freshness) -> String {
    match freshness {
        Freshness::Today => format!("Today's {what}"),
        Freshness::Yesterday => format!("Yesterday's {what}"),
        Freshness::Recent | Freshness::Old => format!("Latest {what}"),
    }
}

/// One of the main sections. It is partial while its day's score has not come.
fn section(reports: &Reports<'_>, report: &Report<'_>, topic: Topic, title: String, lines: Vec<Line>) -> Section {
    let freshness = reports.freshness(report.day);
    let mut notes = Vec::new();
    if freshness == Freshness::Old {
        notes.push(format!("This is {} old.", words::counted(reports.age_in_days(report.day), "day")));
    }
    let partial = !lines.iter().any(|line| line.priority == Priority::Score);
    Section { topic, title, day: report.day, freshness, partial, notes, lines }
}

//! The small sections after the main three: stress, heart and body.

use jiff::{ToSpan, civil::Date};
use model::{
    Kind, Topic,
    record::{CardiovascularAge, Profile, Resilience, Spo2, Stress, Vo2Max},
};

use super::{
    Freshness, Line, Priority, Section, fact,
    reports::{Report, Reports},
    unfinished,
};

/// How the last days' stress was spent.
pub(super) fn stress(reports: &Reports<'_>) -> Option<Section> {
    let day = reports.newest(recently(reports), &[Kind::Stress], |report| {
        let Some(stress) = report.content::<Stress>() else { return Vec::new() };
        let lines = [
            report.line("Day Summary", Priority::Detail, stress.summary.as_deref().and_then(fact::word)),
            report.line("High Stress", Priority::Detail, stress.high_stress_seconds.map(fact::duration)),
        ];
        lines.into_iter().flatten().collect()
    });
    let resilience = reports.newest(recently(reports), &[Kind::Resilience], |report| {
        let level = report.content::<Resilience>().and_then(|it| it.level.as_deref()).and_then(fact::word);
        report.line("Resilience", Priority::Detail, level).into_iter().collect()
    });
    let unfinished = day.as_ref().map(|(report, _)| *report);
    let mut section = gather(reports, Topic::Stress, "Stress", [day, resilience])?;
    if let Some(report) = unfinished {
        unfinished::say(&mut section, reports, report, Kind::Stress);
        if reports.freshness(report.day) == Freshness::Today {
            section.title.push_str(unfinished::SO_FAR);
        }
    }
    Some(section)
}

/// What the last days say of the heart.
pub(super) fn heart(reports: &Reports<'_>) -> Option<Section> {
    let since = recently(reports);
    let oxygen = reports.newest(since, &[Kind::Spo2], |report| {
        let percent = report.content::<Spo2>().and_then(|it| it.average_percent);
        report.line("Blood Oxygen", Priority::Detail, percent.map(fact::percent)).into_iter().collect()
    });
    let age = reports.newest(since, &[Kind::CardiovascularAge], |report| {
        let years = report.content::<CardiovascularAge>().and_then(|it| it.vascular_age_years);
        report.line("Cardiovascular Age", Priority::Detail, years.map(fact::years)).into_iter().collect()
    });
    let uptake = reports.newest(since, &[Kind::Vo2Max], |report| {
        let uptake = report.content::<Vo2Max>().and_then(|it| it.vo2_max_ml_per_kg_per_minute);
        report.line("VO2 Max", Priority::Detail, uptake.map(fact::oxygen_uptake)).into_iter().collect()
    });
    gather(reports, Topic::Heart, "Heart", [oxygen, age, uptake])
}

/// What the provider knows of the person, however long it has known it.
pub(super) fn body(reports: &Reports<'_>) -> Option<Section> {
    let profile = reports.newest(Date::MIN, &[Kind::Profile], |report| {
        let Some(profile) = report.content::<Profile>() else { return Vec::new() };
        let lines = [
            report.line("Age", Priority::Background, profile.age_years.map(|age| fact::years(age as f64))),
            report.line("Height", Priority::Background, profile.height_metres.map(fact::metres)),
            report.line("Weight", Priority::Background, profile.weight_kilograms.map(fact::kilograms)),
        ];
        lines.into_iter().flatten().collect()
    });
    gather(reports, Topic::Body, "Body", [profile])
}

/// The first day that still counts: what is older is no news beside the main three.
fn recently(reports: &Reports<'_>) -> Date {
    reports.today.saturating_sub(2.days())
}

/// Puts together what several kinds tell. A line of another day than the heading's says its own.
fn gather<const N: usize>(
    reports: &Reports<'_>,
    topic: Topic,
    title: &str,
    told: [Option<(&Report<'_>, Vec<Line>)>; N],
) -> Option<Section> {
    let mut lines: Vec<Line> = told.into_iter().flatten().flat_map(|(_, lines)| lines).collect();
    let day = lines.iter().map(|line| line.day).max()?;
    for line in lines.iter_mut().filter(|line| line.day != day) {
        line.text = format!("{} ({})", line.text, line.day);
    }
    let freshness = reports.freshness(day);
    Some(Section { topic, title: title.to_owned(), day, freshness, partial: false, notes: Vec::new(), lines })
}

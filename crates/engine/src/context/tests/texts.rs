//! The texts themselves.

use jiff::ToSpan;
use model::{
    Kind, Sharing,
    record::{Activity, Readiness, Sleep, SleepScore, Stress},
};

use super::people::*;
use crate::context::{Freshness, Material, Source, compose};

#[test]
fn a_morning_with_everything() {
    insta::assert_snapshot!(text(&morning(), &Sharing::default()), @r"
    # Health Data from Oura (synced 2 hours ago)

    ## Last Night's Sleep (2026-01-26)
    - **Sleep Score**: 85/100
    - **Deep Sleep**: 80/100 (1 h 12 min)
    - **REM Sleep**: 74/100 (1 h 48 min)
    - **Sleep Efficiency**: 91/100 (93%)
    - **Restfulness**: 68/100

    ## Today's Readiness (2026-01-26)
    - **Readiness Score**: 78/100
    - **HRV Balance**: 77/100
    - **Resting Heart Rate**: 82/100 (48 bpm)
    - **Recovery Index**: 95/100
    - **Temperature Deviation**: 0.1C

    ## Yesterday's Activity (2026-01-25)
    - **Activity Score**: 91/100
    - **Steps**: 8,543
    - **Active Calories**: 412

    ## Stress (2026-01-25)
    - **Day Summary**: restored
    - **High Stress**: 1 h 30 min
    - **Resilience**: solid

    ## Heart (2026-01-26)
    - **Blood Oxygen**: 97%
    - **VO2 Max**: 44 ml/kg/min (2026-01-24)

    ## Body (2026-01-26)
    - **Age**: 41 years
    - **Height**: 1.78 m
    - **Weight**: 70.5 kg
    ");
    let context = context(&morning(), &Sharing::default());
    assert!(!context.stale && !context.partial);
}

#[test]
fn a_program_reads_values_units_and_days() {
    let records = vec![told(days_ago(1), sleep_score(85.0)), told(days_ago(1), night())];
    let context = context(&Material { records, ..empty() }, &Sharing::default());
    let mut json = serde_json::to_value(&context).unwrap();
    json["sections"][0]["lines"].as_array_mut().unwrap().truncate(2);
    assert_eq!(
        json,
        serde_json::json!({
            "title": "Health Data from Oura (synced 2 hours ago)",
            "synced_at": "2026-01-26T07:00:00Z",
            "partial": false,
            "stale": false,
            "notes": [],
            "missing": [],
            "sections": [{
                "topic": "sleep",
                "title": "Last Night's Sleep",
                "day": "2026-01-25",
                "freshness": "yesterday",
                "partial": false,
                "notes": [],
                "lines": [{
                    "label": "Sleep Score", "text": "85/100", "value": 85, "unit": "score_1_100",
                    "source": "Oura", "day": "2026-01-25",
                }, {
                    "label": "Deep Sleep", "text": "80/100 (1 h 12 min)", "value": 80, "unit": "score_1_100",
                    "measure": {"value": 4320, "unit": "seconds"}, "source": "Oura", "day": "2026-01-25",
                }],
            }],
        })
    );
}

#[test]
fn old_data_from_a_connection_that_died() {
    let day = days_ago(6);
    let sources = vec![Source { healthy: false, ..source("oura", "Oura", 5 * 24) }];
    let records = vec![told(day, sleep_score(85.0)), told(day, readiness(78.0))];
    let material = Material { sources, records, ..empty() };
    insta::assert_snapshot!(text(&material, &Sharing::default()), @r"
    # Health Data from Oura (synced 5 days ago)

    _Synced 5 days ago: this may be out of date._
    _Oura no longer answers: reconnect it._

    ## Latest Sleep (2026-01-20)
    _This is 6 days old._
    - **Sleep Score**: 85/100
    - **Deep Sleep**: 80/100
    - **REM Sleep**: 74/100
    - **Sleep Efficiency**: 91/100
    - **Restfulness**: 68/100

    ## Latest Readiness (2026-01-20)
    _This is 6 days old._
    - **Readiness Score**: 78/100
    - **HRV Balance**: 77/100
    - **Resting Heart Rate**: 82/100
    - **Recovery Index**: 95/100
    - **Temperature Deviation**: 0.1C
    ");
    assert!(context(&material, &Sharing::default()).stale);
}

#[test]
fn twelve_hours_without_a_sync_are_not_stale_and_a_minute_more_is() {
    let stale = |last: jiff::Span| {
        let sources = vec![Source { last_sync_at: Some(now() - last), ..oura() }];
        context(&Material { sources, ..morning() }, &main_three()).stale
    };
    assert!(!stale(12.hours()));
    assert!(stale(12.hours().minutes(1)));
}

#[test]
fn an_old_section_is_stale_though_the_sync_is_not() {
    let stale =
        |days| context(&Material { records: vec![told(days_ago(days), readiness(78.0))], ..empty() }, &main_three());
    assert!(!stale(2).stale);
    assert_eq!(stale(2).sections[0].freshness, Freshness::Recent);
    assert!(stale(3).stale);
}

#[test]
fn a_day_that_is_not_over() {
    let sources = vec![Source { missing: vec![Kind::Spo2, Kind::Battery, Kind::Vo2Max], ..oura() }];
    let activity = Activity { steps: Some(1_204), active_energy_kcal: Some(88.6), ..Default::default() };
    let stress = Stress { high_stress_seconds: Some(900), ..Default::default() };
    let records = vec![told(days_ago(0), activity), told(days_ago(0), stress)];
    let material = Material { sources, records, ..empty() };
    insta::assert_snapshot!(text(&material, &Sharing::default()), @r"
    # Health Data from Oura (synced 2 hours ago)

    _Not available from Oura: blood oxygen and VO2 max._

    ## Today's Activity, so far (2026-01-26)
    - **Steps**: 1,204
    - **Active Calories**: 89

    ## Stress, so far (2026-01-26)
    - **High Stress**: 15 min
    ");
    let context = context(&material, &Sharing::default());
    assert!(context.partial && context.sections.iter().all(|section| section.partial));
}

#[test]
fn a_day_that_was_not_over_when_it_was_synced() {
    let sources = vec![source("oura", "Oura", 11)];
    let records = vec![told(days_ago(1), activity(91.0, 8_543))];
    let material = Material { sources, records, ..empty() };
    insta::assert_snapshot!(text(&material, &Sharing::default()), @r"
    # Health Data from Oura (synced 11 hours ago)

    ## Yesterday's Activity (2026-01-25)
    _Synced before this day ended: not complete._
    - **Activity Score**: 91/100
    - **Steps**: 8,543
    - **Active Calories**: 412
    ");
    assert!(context(&material, &Sharing::default()).partial);
}

#[test]
fn a_day_ends_when_the_provider_says() {
    let partial = |starts_at: &str| {
        let mut stored = told(days_ago(1), activity(91.0, 8_543));
        stored.record.starts_at = Some(starts_at.parse().unwrap());
        let sources = vec![source("oura", "Oura", 8)];
        context(&Material { sources, records: vec![stored], ..empty() }, &main_three()).partial
    };
    assert!(partial("2026-01-25T04:00:00+01:00"), "synced at two in the morning, two hours before the end");
    assert!(!partial("2026-01-25T00:00:00+01:00"));
}

#[test]
fn a_night_without_a_score() {
    let short = Sleep { total_sleep_seconds: Some(3_000), deep_sleep_seconds: Some(300), ..Default::default() };
    let today = days_ago(0);
    let records = vec![
        told(today, SleepScore::default()),
        told(today, short),
        told(today, night()),
        told(today, nap()),
        told(days_ago(1), sleep_score(61.0)),
    ];
    let material = Material { records, ..empty() };
    insta::assert_snapshot!(text(&material, &Sharing::default()), @r"
    # Health Data from Oura (synced 2 hours ago)

    ## Last Night's Sleep (2026-01-26)
    - **Deep Sleep**: 1 h 12 min
    - **REM Sleep**: 1 h 48 min
    - **Sleep Efficiency**: 93%
    ");
    assert!(context(&material, &Sharing::default()).partial);
}

#[test]
fn two_providers_and_no_mixture_of_them() {
    let (today, yesterday) = (days_ago(0), days_ago(1));
    let bare = SleepScore { score: Some(70.0), ..Default::default() };
    let records = vec![
        told(today, bare),
        told_by("whoop", 2, today, sleep_score(88.0)),
        told(today, readiness(78.0)),
        told_by("whoop", 2, yesterday, readiness(50.0)),
        told_by("whoop", 2, today, Readiness { score: Some(60.0), ..Default::default() }),
    ];
    let sources = vec![oura(), source("whoop", "WHOOP", 70)];
    let material = Material { sources, records, ..empty() };
    insta::assert_snapshot!(text(&material, &Sharing::default()), @r"
    # Health Data from WHOOP and Oura (synced 2 days ago)

    _WHOOP synced 2 days ago: this may be out of date._

    ## Last Night's Sleep (2026-01-26)
    _From WHOOP._
    - **Sleep Score**: 88/100
    - **Deep Sleep**: 80/100
    - **REM Sleep**: 74/100
    - **Sleep Efficiency**: 91/100
    - **Restfulness**: 68/100

    ## Today's Readiness (2026-01-26)
    _From Oura._
    - **Readiness Score**: 78/100
    - **HRV Balance**: 77/100
    - **Resting Heart Rate**: 82/100
    - **Recovery Index**: 95/100
    - **Temperature Deviation**: 0.1C
    ");
}

#[test]
fn of_equals_the_newer_is_told_then_the_later_id() {
    let today = days_ago(0);
    let mut older = told(today, readiness(10.0));
    older.updated_at = now() - 3.hours();
    let told_score = |records: Vec<_>| {
        let sources = vec![oura(), whoop()];
        context(&Material { sources, records, ..empty() }, &main_three()).sections[0].lines[0].text.clone()
    };
    let newer = told_by("whoop", 2, today, readiness(20.0));
    assert_eq!(told_score(vec![older.clone(), newer.clone()]), "20/100");
    assert_eq!(told_score(vec![newer.clone(), older]), "20/100");
    assert_eq!(told_score(vec![newer, told(today, readiness(10.0))]), "20/100");
}

#[test]
fn a_day_to_come_hides_nothing() {
    let records = vec![told(days_ago(-2), readiness(1.0)), told(days_ago(0), readiness(78.0))];
    let context = context(&Material { records, ..empty() }, &main_three());
    assert_eq!(context.sections[0].day, days_ago(0));
}

#[test]
fn a_traveller_a_day_ahead_is_in_today() {
    let records = vec![told(days_ago(-1), sleep_score(78.0)), told(days_ago(-1), activity(50.0, 10))];
    let titles = context(&Material { records, ..empty() }, &main_three()).sections.into_iter().map(|it| it.title);
    assert_eq!(titles.collect::<Vec<_>>(), ["Last Night's Sleep", "Today's Activity, so far"]);
}

#[test]
fn the_first_sync_is_not_over() {
    let sources = vec![Source { last_sync_at: None, ..oura() }];
    let context = context(&Material { sources, ..morning() }, &Sharing::default());
    assert_eq!(context.title, "Health Data from Oura (synced 2 hours ago)");
}

#[test]
fn kept_data_of_a_provider_that_is_gone() {
    let context = context(&Material { sources: Vec::new(), ..morning() }, &Sharing::default());
    assert_eq!(context.title, "Health Data from oura (synced 2 hours ago)");
}

#[test]
fn nothing_to_say() {
    assert_eq!(compose(&empty(), &Sharing::default()), None);
    let broken = Material { sources: vec![Source { healthy: false, missing: vec![Kind::Sleep], ..oura() }], ..empty() };
    assert_eq!(compose(&broken, &Sharing::default()), None);
    let bare = Material { records: vec![told(days_ago(0), profile())], ..empty() };
    assert_eq!(compose(&bare, &Sharing::default()), None);
}

//! Moments, sentences and choices in words.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use model::{Action, Kind, Topic};

use super::samples::dashboard::progress;
use crate::views::{Moment, Range, TopicKinds, Who, ZoneGroup};

fn seen(seconds: i64) -> Moment {
    let now: Timestamp = "2026-01-26T08:00:00Z".parse().unwrap();
    Moment::seen(now + seconds.seconds(), now, &TimeZone::get("Europe/Vienna").unwrap())
}

#[test]
fn moments_are_relative_within_a_week() {
    let words =
        [-10, -60, -7199, -86_400, -6 * 86_400, -8 * 86_400, -40 * 86_400, 30, 300, 84 * 86_400].map(|s| seen(s).words);
    assert_eq!(
        words,
        [
            "just now",
            "1 minute ago",
            "1 hour ago",
            "1 day ago",
            "6 days ago",
            "18 Jan",
            "17 Dec 2025",
            "in a moment",
            "in 5 minutes",
            "20 Apr",
        ]
    );
}

#[test]
fn the_exact_instant_is_in_the_persons_zone() {
    assert_eq!(seen(0).exact, "2026-01-26 09:00:00+01:00");
}

#[test]
fn audit_entries_are_sentences() {
    let coach = Who::Agent("Coach agent".to_owned());
    assert_eq!(coach.did(Action::ContextRead, None), "“Coach agent” read your context");
    assert_eq!(coach.did(Action::ContextRead, Some("3 times")), "“Coach agent” read your context (3 times)");
    assert_eq!(Who::You.did(Action::Connected, Some("Halo")), "You connected Halo");
    assert_eq!(Who::You.did(Action::Connected, None), "You connected an account");
    assert_eq!(Who::Server.did(Action::NeedsConsent, Some("Halo")), "This server found that access has ended to Halo");
}

#[test]
fn every_action_makes_a_sentence() {
    for &action in Action::ALL {
        for detail in [None, Some("it")] {
            let sentence = Who::Somebody.did(action, detail);
            assert!(sentence.starts_with("Somebody who was not signed in "), "{sentence}");
            assert!(!sentence.contains("  ") && !sentence.ends_with(' '), "{sentence}");
        }
    }
}

#[test]
fn kinds_are_grouped_by_their_topics() {
    let groups = TopicKinds::group([Kind::Spo2, Kind::SleepScore, Kind::Sleep, Kind::Sleep]);
    let groups: Vec<_> = groups.into_iter().map(|group| (group.topic, group.kinds)).collect();
    assert_eq!(groups, [(Topic::Sleep, vec![Kind::Sleep, Kind::SleepScore]), (Topic::Heart, vec![Kind::Spo2])]);
}

#[test]
fn zones_are_grouped_by_their_part_of_the_world() {
    let groups = ZoneGroup::group(["UTC", "Europe/Vienna", "America/Lima", "Europe/Oslo"].map(str::to_owned));
    let areas: Vec<_> = groups.iter().map(|group| (group.area.as_str(), group.zones.len())).collect();
    assert_eq!(areas, [("America", 1), ("Europe", 2), ("Other", 1)]);
}

#[test]
fn progress_counts_kinds_and_the_part_of_the_present_one() {
    let mut progress = progress();
    assert_eq!((progress.value(), progress.words().as_str()), (4.6, "day 18 of 30, 4 of 19 kinds"));
    (progress.days_done, progress.days_total) = (0, 0);
    assert_eq!((progress.value(), progress.words().as_str()), (4.0, "4 of 19 kinds"));
}

#[test]
fn only_the_three_ranges_are_ranges() {
    assert_eq!(Range::of(90), Some(Range::Quarter));
    assert_eq!(Range::of(31), None);
}

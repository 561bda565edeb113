//! Laws that hold whatever the data.

use std::collections::BTreeSet;

use model::{
    Sharing, StoredRecord, Topic,
    record::{Activity, Readiness, Resilience, SleepScore, Spo2, Stress},
};
use proptest::{collection::vec, option, prelude::*, sample::subsequence};

use super::people::*;
use crate::context::{Material, compose};

fn bodies() -> impl Strategy<Value = Told> {
    let score = || option::of(1.0..100.0_f64);
    prop_oneof![
        score().prop_map(|score| SleepScore { score, ..Default::default() }.into()),
        (1.0..100.0_f64).prop_map(|score| sleep_score(score).into()),
        (0..40_000_i64).prop_map(|seconds| {
            let mut night = night();
            night.total_sleep_seconds = Some(seconds);
            night.into()
        }),
        Just(()).prop_map(|()| nap().into()),
        score().prop_map(|score| Readiness { score, ..Default::default() }.into()),
        (1.0..100.0_f64).prop_map(|score| readiness(score).into()),
        (score(), option::of(0..50_000_i64))
            .prop_map(|(score, steps)| Activity { score, steps, ..Default::default() }.into()),
        option::of(0..9_000_i64)
            .prop_map(|high_stress_seconds| Stress { high_stress_seconds, ..Default::default() }.into()),
        "[a-z_]{0,9}".prop_map(|level| Resilience { level: Some(level), ..Default::default() }.into()),
        score().prop_map(|average_percent| Spo2 { average_percent, ..Default::default() }.into()),
        Just(()).prop_map(|()| profile().into()),
    ]
}

fn records() -> impl Strategy<Value = StoredRecord> {
    (any::<bool>(), -2..6_i64, 0..30_000_i64, any::<u128>(), bodies()).prop_map(|(oura, days, age, id, body)| {
        let (provider, connection) = if oura { ("oura", 1) } else { ("whoop", 2) };
        let mut stored = told_by(provider, connection, days_ago(days), body);
        stored.updated_at -= jiff::SignedDuration::from_secs(age);
        stored.id = uuid::Uuid::from_u128(id).into();
        stored
    })
}

fn materials() -> impl Strategy<Value = Material> {
    (vec(records(), 0..24), 0..90_i64).prop_map(|(records, hours)| {
        let sources = vec![oura(), source("whoop", "WHOOP", hours)];
        Material { sources, records, ..empty() }
    })
}

fn topics() -> impl Strategy<Value = Vec<Topic>> {
    subsequence(Topic::ALL.to_vec(), 0..=Topic::ALL.len())
}

/// What is told: topics and labels.
fn labels(material: &Material, sharing: &Sharing) -> BTreeSet<(Topic, &'static str)> {
    let sections = compose(material, sharing).map(|context| context.sections).unwrap_or_default();
    sections.iter().flat_map(|section| section.lines.iter().map(|line| (section.topic, line.label))).collect()
}

proptest! {
    #[test]
    fn a_budget_is_never_exceeded(material in materials(), budget in 0..400_usize) {
        if let Some(fitting) = compose(&material, &Sharing::default()).and_then(|whole| whole.within(budget)) {
            prop_assert!(fitting.estimated_tokens() <= budget);
            prop_assert!(fitting.sections.iter().all(|section| !section.lines.is_empty()));
            prop_assert!(!fitting.sections.is_empty());
        }
    }

    #[test]
    fn more_budget_never_tells_less(material in materials(), budget in 0..400_usize, more in 0..50_usize) {
        let lines = |budget| {
            let fitting = compose(&material, &Sharing::default()).and_then(|whole| whole.within(budget));
            fitting.map_or(0, |it| it.sections.iter().map(|section| section.lines.len()).sum::<usize>())
        };
        prop_assert!(lines(budget) <= lines(budget + more));
    }

    #[test]
    fn sharing_more_never_tells_less(material in materials(), some in topics(), more in topics()) {
        let all: Vec<_> = some.iter().chain(&more).copied().collect();
        prop_assert!(labels(&material, &only(&some)).is_subset(&labels(&material, &only(&all))));
    }

    #[test]
    fn only_shared_topics_are_told(material in materials(), some in topics()) {
        prop_assert!(labels(&material, &only(&some)).iter().all(|(topic, _)| some.contains(topic)));
    }

    #[test]
    fn the_order_of_the_records_does_not_matter(material in materials(), sharing in topics()) {
        let before = compose(&material, &only(&sharing));
        let mut turned = material;
        turned.records.reverse();
        prop_assert_eq!(before, compose(&turned, &only(&sharing)));
    }
}

//! Makes one of what an answer says more than once. Pure.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use model::{Kind, Record};

/// Folds an answer, so that it says one thing of each natural key: of records what they say together, the later ones
/// first; of what is gone too, that it is gone.
pub(super) fn fold(records: Vec<Record>, gone: &[(Kind, String)]) -> (Vec<Record>, Vec<(Kind, String)>) {
    let mut places = HashMap::new();
    let mut folded: Vec<Record> = Vec::with_capacity(records.len());
    for record in records {
        match places.entry((record.kind(), record.provider_id.clone())) {
            Entry::Vacant(place) => {
                place.insert(folded.len());
                folded.push(record);
            }
            Entry::Occupied(place) => {
                let before = &mut folded[*place.get()];
                *before = Record { body: record.body.after(&before.body), ..record };
            }
        }
    }
    let mut told = HashSet::new();
    let gone: Vec<_> = gone.iter().filter(|key| told.insert(*key)).cloned().collect();
    if !gone.is_empty() {
        folded.retain(|record| !told.contains(&(record.kind(), record.provider_id.clone())));
    }
    (folded, gone)
}

#[cfg(test)]
mod tests {
    use model::record::{Body, Sample, Series, SleepScore};

    use super::*;

    fn record(id: &str, body: Body) -> Record {
        let provider_id = id.to_owned();
        Record { provider_id, day: None, starts_at: None, ends_at: None, zone_offset_seconds: None, body }
    }

    fn score(id: &str, score: f64) -> Record {
        record(id, Body::SleepScore(SleepScore { score: Some(score), ..SleepScore::default() }))
    }

    fn pulse(samples: &[(i64, f64)]) -> Record {
        let samples = samples.iter().map(|(second, value)| Sample(*second, *value)).collect();
        record("pulse", Body::HeartRate(Series { unit: "bpm".to_owned(), source: None, samples }))
    }

    #[test]
    fn the_last_word_counts_and_the_order_stays() {
        let said = vec![score("a", 70.0), score("b", 80.0), score("a", 90.0)];
        assert_eq!(fold(said, &[]).0, [score("a", 90.0), score("b", 80.0)]);
    }

    #[test]
    fn parts_of_a_series_are_put_together() {
        let said = vec![pulse(&[(1, 60.0), (2, 61.0)]), pulse(&[(2, 65.0), (3, 66.0)])];
        assert_eq!(fold(said, &[]).0, [pulse(&[(1, 60.0), (2, 65.0), (3, 66.0)])]);
    }

    #[test]
    fn what_is_gone_is_gone_once() {
        let key = |id: &str| (Kind::SleepScore, id.to_owned());
        let (records, gone) = fold(vec![score("a", 70.0), score("b", 80.0)], &[key("a"), key("c"), key("a")]);
        assert_eq!((records, gone), (vec![score("b", 80.0)], vec![key("a"), key("c")]));
    }
}

//! What the fuzzers have learnt is not forgotten: every file is replayed, and no target is left out.

use std::collections::BTreeSet;

use proptest::{prelude::*, sample::Index};

type Target = (&'static str, fn(&[u8]));

/// Every target but `settings`, which is inside the program and replayed there.
const TARGETS: [Target; 12] = [
    ("address", outbound::fuzzing::address),
    ("body", web::fuzzing::body),
    ("challenge", providers::fuzzing::challenge),
    ("cursor", web::fuzzing::cursor),
    ("delivery", providers::fuzzing::delivery),
    ("headers", web::fuzzing::headers),
    ("keys", store::fuzzing::keys),
    ("page", providers::fuzzing::page),
    ("query", web::fuzzing::query),
    ("retry_after", outbound::fuzzing::retry_after),
    ("subscriptions", providers::fuzzing::subscriptions),
    ("tokens", providers::fuzzing::tokens),
];

#[test]
fn what_the_fuzzers_have_found_is_survived() -> anyhow::Result<()> {
    let mut replayed = BTreeSet::from(["settings".to_owned()]);
    for (name, target) in TARGETS {
        let files = testkit::corpus(name)?;
        for (file, data) in files {
            let survived = std::panic::catch_unwind(|| target(&data));
            assert!(survived.is_ok(), "{name} does not survive {file}");
        }
        replayed.insert(name.to_owned());
    }
    assert_eq!(testkit::corpora()?.into_iter().collect::<BTreeSet<_>>(), replayed);
    Ok(())
}

/// What is done to a file: a byte is changed, a part is cut out, or one is said twice.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Cut(Index, Index),
    Twice(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (place(), place()).prop_map(|(from, to)| Change::Cut(from, to)),
        (place(), place()).prop_map(|(from, to)| Change::Twice(from, to)),
    ]
}

impl Change {
    fn apply(&self, data: &mut Vec<u8>) {
        if data.is_empty() {
            return;
        }
        let part = |one: &Index, other: &Index| {
            let (one, other) = (one.index(data.len()), other.index(data.len()));
            one.min(other)..one.max(other)
        };
        match self {
            Self::Set(at, byte) => {
                let at = at.index(data.len());
                data[at] = *byte;
            }
            Self::Cut(from, to) => {
                let part = part(from, to);
                data.drain(part);
            }
            Self::Twice(from, to) => {
                let said = data[part(from, to)].to_vec();
                data.extend(said);
            }
        }
    }
}

#[test]
fn what_is_like_it_is_survived_too() -> anyhow::Result<()> {
    for (name, target) in TARGETS {
        let files = testkit::corpus(name)?;
        let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |(file in any::<Index>(), changes in prop::collection::vec(change(), 1..6))| {
            let mut data = file.get(&files).1.clone();
            changes.iter().for_each(|change| change.apply(&mut data));
            let survived = std::panic::catch_unwind(|| target(&data));
            prop_assert!(survived.is_ok(), "{} does not survive {:?}", name, String::from_utf8_lossy(&data));
        });
    }
    Ok(())
}

//! What the fuzzers have learnt is not forgotten: every file is replayed, and no target is left out.

use std::collections::BTreeSet;

type Target = (&'static str, fn(&[u8]));

/// Every target but `settings`, which is inside the program and replayed there.
const TARGETS: [Target; 10] = [
    ("body", web::fuzzing::body),
    ("challenge", providers::fuzzing::challenge),
    ("cursor", web::fuzzing::cursor),
    ("delivery", providers::fuzzing::delivery),
    ("headers", web::fuzzing::headers),
    ("keys", store::fuzzing::keys),
    ("page", providers::fuzzing::page),
    ("query", web::fuzzing::query),
    ("retry_after", outbound::fuzzing::retry_after),
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

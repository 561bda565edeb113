//! What fuzzers and the replay of their corpus call: the parsers that face the outside, with what must always hold.
#![doc(hidden)]

use model::Secret;

use crate::MasterKeys;

/// Master keys, as an operator writes them.
pub fn keys(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match MasterKeys::parse(&Secret::new(&*text)) {
        Ok(keys) => {
            let names: Vec<_> = keys.ids().collect();
            assert!(!names.is_empty() && format!("{keys:?}") == format!("{names:?}"), "only names are shown");
        }
        Err(error) => {
            // What has these signs can be a key, and is none of our own words.
            let telling = |part: &&str| part.len() > 24 && part.contains(['/', '+']);
            let parts = text.split([',', ':']).map(str::trim).filter(telling);
            parts.for_each(|part| assert!(!error.to_string().contains(part) || is_a_name(&text, part)));
        }
    }
}

/// What stands before a colon is the name of a key, and no secret.
fn is_a_name(text: &str, part: &str) -> bool {
    text.split(',').any(|key| key.split_once(':').is_some_and(|(name, _)| name.trim() == part))
}

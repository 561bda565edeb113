//! What a person lets a reader see.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Kind, Topic};

/// The switches: one for everything, one for each topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharing {
    /// Off: nothing is shared, whatever the topics say.
    pub everything: bool,
    pub topics: BTreeSet<Topic>,
}

impl Default for Sharing {
    /// All on: a person who consented to the collection did so to let agents read it.
    fn default() -> Self {
        Self { everything: true, topics: Topic::ALL.iter().copied().collect() }
    }
}

impl Sharing {
    /// Nothing at all.
    pub fn nothing() -> Self {
        Self { everything: false, topics: BTreeSet::new() }
    }

    /// Whether a topic may be seen.
    pub fn allows(&self, topic: Topic) -> bool {
        self.everything && self.topics.contains(&topic)
    }

    /// Whether records of a kind may be seen.
    pub fn allows_kind(&self, kind: Kind) -> bool {
        self.allows(kind.topic())
    }

    /// What both allow: the stricter wins.
    pub fn stricter(&self, other: &Self) -> Self {
        Self {
            everything: self.everything && other.everything,
            topics: self.topics.intersection(&other.topics).copied().collect(),
        }
    }

    /// Turns one topic on or off.
    pub fn set(&mut self, topic: Topic, on: bool) {
        if on {
            self.topics.insert(topic);
        } else {
            self.topics.remove(&topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_wins() {
        let mut agent = Sharing::default();
        agent.set(Topic::Sleep, false);
        let both = Sharing::default().stricter(&agent);
        assert!(!both.allows(Topic::Sleep));
        assert!(both.allows(Topic::Activity));
        assert!(!Sharing::nothing().stricter(&agent).allows(Topic::Activity));
    }
}

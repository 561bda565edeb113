//! The switches of sharing, for everybody or for one agent.

use std::collections::BTreeSet;

use askama::{Template, filters::HtmlSafe};
use model::{Sharing, Topic};

/// The switches, ready to be sent.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/sharing.html")]
pub(crate) struct SharingForm {
    /// Where the form is sent.
    pub(crate) action: String,
    /// Whose switches, where it is one agent's.
    pub(crate) agent: Option<String>,
    pub(crate) sharing: Sharing,
    /// Topics that the person consented to collect: the others have nothing to share.
    pub(crate) consented: BTreeSet<Topic>,
}

// Its template escapes every field.
impl HtmlSafe for SharingForm {}

impl SharingForm {
    /// Every topic, in its order.
    pub(crate) fn topics(&self) -> &'static [Topic] {
        Topic::ALL
    }

    /// Whether a topic's own switch is on.
    pub(crate) fn is_on(&self, topic: &Topic) -> bool {
        self.sharing.topics.contains(topic)
    }

    /// Whether there is anything to share of a topic.
    pub(crate) fn is_collected(&self, topic: &Topic) -> bool {
        self.consented.contains(topic)
    }

    /// What may be seen, in words.
    pub(crate) fn words(&self) -> String {
        let seen = Topic::ALL.iter().copied().filter(|&topic| self.sharing.allows(topic));
        let labels: Vec<_> = seen.map(|topic| topic.label().to_lowercase()).collect();
        if labels.is_empty() { "nothing".to_owned() } else { labels.join(", ") }
    }

    /// The kinds behind a topic, in words.
    pub(crate) fn kinds(&self, topic: &Topic) -> String {
        let labels: Vec<_> = topic.kinds().map(|kind| kind.label()).collect();
        labels.join(", ")
    }
}

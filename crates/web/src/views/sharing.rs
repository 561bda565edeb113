//! The switches of sharing, for everybody or for one agent.

use std::collections::BTreeSet;

use askama::{Template, filters::HtmlSafe};
use model::{Sharing, Topic};

/// The switches, ready to be sent.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/sharing.html")]
pub struct SharingForm {
    /// Where the form is sent.
    pub action: String,
    /// Whose switches, where it is one agent's.
    pub agent: Option<String>,
    pub sharing: Sharing,
    /// Topics that the person consented to collect: the others have nothing to share.
    pub consented: BTreeSet<Topic>,
}

// Its template escapes every field.
impl HtmlSafe for SharingForm {}

impl SharingForm {
    /// Every topic, in its order.
    pub fn topics(&self) -> &'static [Topic] {
        Topic::ALL
    }

    /// Whether a topic's own switch is on.
    pub fn is_on(&self, topic: &Topic) -> bool {
        self.sharing.topics.contains(topic)
    }

    /// Whether there is anything to share of a topic.
    pub fn is_collected(&self, topic: &Topic) -> bool {
        self.consented.contains(topic)
    }

    /// The kinds behind a topic, in words.
    pub fn kinds(&self, topic: &Topic) -> String {
        let labels: Vec<_> = topic.kinds().map(|kind| kind.label()).collect();
        labels.join(", ")
    }
}

//! What a person reads and agrees to before a provider is connected.

use std::collections::BTreeSet;

use askama::{Template, filters::HtmlSafe};
use model::{Kind, Topic};

use super::{Page, message::Way};

/// The page before the redirect to the provider.
#[derive(Template)]
#[template(path = "disclosure.html")]
pub(crate) struct Disclosure {
    pub(crate) page: Page,
    pub(crate) asking: Asking,
}

/// What is asked of a person, as a form.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/asking.html")]
pub(crate) struct Asking {
    /// The provider's name.
    pub(crate) provider: String,
    /// Where the form is sent.
    pub(crate) action: String,
    pub(crate) topics: Vec<TopicKinds>,
    /// Kinds that are ticked: all of them at first, those agreed to when something is changed.
    pub(crate) chosen: BTreeSet<Kind>,
    /// Why the data is collected, in a sentence.
    pub(crate) purpose: String,
    /// Who gets to see it, in a sentence.
    pub(crate) recipient: String,
    /// How long it is kept, in a sentence.
    pub(crate) kept: String,
    /// How many days back the first sync reaches.
    pub(crate) days_back: u32,
    /// How the person ends it here, in a sentence.
    pub(crate) ending: String,
    /// Where at the provider the person can end it, too.
    pub(crate) account_page: Option<Way>,
    /// The version of these words.
    pub(crate) version: String,
    /// Where "Cancel" leads.
    pub(crate) cancel: String,
}

// Its template escapes every field.
impl HtmlSafe for Asking {}

impl Asking {
    /// Whether a kind is ticked.
    pub(crate) fn is_chosen(&self, kind: &Kind) -> bool {
        self.chosen.contains(kind)
    }
}

/// The kinds of one topic that a provider offers.
#[derive(Clone, Debug)]
pub(crate) struct TopicKinds {
    pub(crate) topic: Topic,
    pub(crate) kinds: Vec<Kind>,
}

impl TopicKinds {
    /// Groups kinds by their topics, in the order of both.
    pub(crate) fn group(kinds: impl IntoIterator<Item = Kind>) -> Vec<Self> {
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort();
        kinds.dedup();
        let of = |topic: Topic| kinds.iter().copied().filter(move |kind| kind.topic() == topic).collect::<Vec<_>>();
        let groups = Topic::ALL.iter().map(|&topic| Self { topic, kinds: of(topic) });
        groups.filter(|group| !group.kinds.is_empty()).collect()
    }
}

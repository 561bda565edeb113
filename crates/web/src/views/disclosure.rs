//! What a person reads and agrees to before a provider is connected.

use askama::{Template, filters::HtmlSafe};
use model::{Kind, Topic};

use super::{Page, message::Way};

/// The page before the redirect to the provider.
#[derive(Template)]
#[template(path = "disclosure.html")]
pub struct Disclosure {
    pub page: Page,
    pub asking: Asking,
}

/// What is asked of a person, as a form.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/asking.html")]
pub struct Asking {
    /// The provider's name.
    pub provider: String,
    /// Where the form is sent.
    pub action: String,
    pub topics: Vec<TopicKinds>,
    /// Why the data is collected, in a sentence.
    pub purpose: String,
    /// Who gets to see it, in a sentence.
    pub recipient: String,
    /// How long it is kept, in a sentence.
    pub kept: String,
    /// How many days back the first sync reaches.
    pub days_back: u32,
    /// Where at the provider the person can end it, too.
    pub account_page: Option<Way>,
    /// The version of these words.
    pub version: String,
    /// Where "Cancel" leads.
    pub cancel: String,
}

// Its template escapes every field.
impl HtmlSafe for Asking {}

/// The kinds of one topic that a provider offers.
#[derive(Clone, Debug)]
pub struct TopicKinds {
    pub topic: Topic,
    pub kinds: Vec<Kind>,
}

impl TopicKinds {
    /// Groups kinds by their topics, in the order of both.
    pub fn group(kinds: impl IntoIterator<Item = Kind>) -> Vec<Self> {
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort();
        kinds.dedup();
        let of = |topic: Topic| kinds.iter().copied().filter(move |kind| kind.topic() == topic).collect::<Vec<_>>();
        let groups = Topic::ALL.iter().map(|&topic| Self { topic, kinds: of(topic) });
        groups.filter(|group| !group.kinds.is_empty()).collect()
    }
}

//! The connections: how each provider fares, what it gave, how to end it, and what is shared.

use askama::Template;
use model::{Kind, Reason};

use super::{Moment, Page, Progress, SharingForm, message::Way};

/// The page of connections.
#[derive(Template)]
#[template(path = "connections.html")]
pub(crate) struct Connections {
    pub(crate) page: Page,
    pub(crate) providers: Vec<ProviderRow>,
    /// Absent until something was connected: there is nothing to share.
    pub(crate) sharing: Option<SharingForm>,
}

/// One provider, connected or not.
#[derive(Clone, Debug)]
pub(crate) struct ProviderRow {
    /// The word in addresses.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) standing: Standing,
    /// The account, as its owner knows it.
    pub(crate) account: Option<String>,
    /// What was asked for and not granted, in words.
    pub(crate) missing: Vec<String>,
    pub(crate) hearing: Option<HearingLine>,
    pub(crate) progress: Option<Progress>,
    /// What unfolds, once there is something to say.
    pub(crate) details: Option<Details>,
}

/// How a connection stands.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    NotConnected,
    Active { synced: Option<Moment> },
    NeedsConsent { since: Moment, reason: Reason },
}

/// How a connection learns of what is new.
#[derive(Clone, Debug)]
pub(crate) struct HearingLine {
    /// "Halo tells of what is new by itself."
    pub(crate) words: String,
    pub(crate) last: Option<Moment>,
    /// Whether it was not told of something new.
    pub(crate) silent: bool,
}

/// What unfolds below a provider.
#[derive(Clone, Debug)]
pub(crate) struct Details {
    /// What the provider granted, in words.
    pub(crate) granted: Vec<String>,
    pub(crate) collections: Vec<CollectionRow>,
    pub(crate) history: Vec<SyncRun>,
    pub(crate) consent: Option<ConsentGiven>,
    /// Where at the provider the person sees and ends what was granted.
    pub(crate) account_page: Option<Way>,
    pub(crate) loss: Loss,
}

/// How one collection fares.
#[derive(Clone, Debug)]
pub(crate) struct CollectionRow {
    pub(crate) kind: Kind,
    /// The provider's own word for it.
    pub(crate) collection: String,
    /// "1,204".
    pub(crate) count: String,
    /// "28 Dec to 26 Jan".
    pub(crate) covered: Option<String>,
    /// "3 Jan to 5 Jan".
    pub(crate) gaps: Vec<String>,
    /// What went wrong last, in words.
    pub(crate) error: Option<String>,
}

/// One sync that has ended.
#[derive(Clone, Debug)]
pub(crate) struct SyncRun {
    pub(crate) at: Moment,
    /// "Scheduled", "Asked for", "First sync".
    pub(crate) cause: String,
    /// "1,204 records read, 1 kind failed".
    pub(crate) result: String,
    pub(crate) failed: bool,
}

/// What the person agreed to.
#[derive(Clone, Debug)]
pub(crate) struct ConsentGiven {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) purpose: String,
    pub(crate) version: String,
    pub(crate) at: Moment,
}

/// What erasing destroys.
#[derive(Clone, Debug)]
pub(crate) struct Loss {
    /// "1,204".
    pub(crate) records: String,
    /// "28 Dec to 26 Jan".
    pub(crate) span: Option<String>,
}

impl ProviderRow {
    /// Whether there is something that could be ended.
    pub(crate) fn can_disconnect(&self) -> bool {
        matches!(self.standing, Standing::Active { .. } | Standing::NeedsConsent { .. })
    }

    /// The standing as one word in the stylesheet.
    pub(crate) fn mark(&self) -> &'static str {
        match self.standing {
            Standing::Active { .. } => "active",
            Standing::NeedsConsent { .. } => "trouble",
            Standing::NotConnected => "none",
        }
    }
}

impl ConsentGiven {
    /// The kinds, in words.
    pub(crate) fn kind_words(&self) -> String {
        let labels: Vec<_> = self.kinds.iter().map(|kind| kind.label()).collect();
        labels.join(", ")
    }
}

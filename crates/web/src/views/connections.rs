//! The connections: how each provider fares, what it gave, how to end it, and what is shared.

use askama::Template;
use model::{Kind, Reason};

use super::{Moment, Page, Progress, SharingForm, message::Way};

/// The page of connections.
#[derive(Template)]
#[template(path = "connections.html")]
pub struct Connections {
    pub page: Page,
    pub providers: Vec<ProviderRow>,
    /// Absent until something was connected: there is nothing to share.
    pub sharing: Option<SharingForm>,
}

/// One provider, connected or not.
#[derive(Clone, Debug)]
pub struct ProviderRow {
    /// The word in addresses.
    pub id: String,
    pub name: String,
    pub about: String,
    pub standing: Standing,
    /// The account, as its owner knows it.
    pub account: Option<String>,
    /// What was asked for and not granted, in words.
    pub missing: Vec<String>,
    pub progress: Option<Progress>,
    /// What unfolds, once there is something to say.
    pub details: Option<Details>,
}

/// How a connection stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// This server lacks settings for the provider: which, for the operator.
    NotSetUp { missing: String },
    NotConnected,
    /// Authorised, and waiting to be confirmed.
    Pending,
    Active {
        synced: Option<Moment>,
    },
    NeedsConsent {
        since: Moment,
        reason: Reason,
    },
}

/// What unfolds below a provider.
#[derive(Clone, Debug)]
pub struct Details {
    /// What the provider granted, in words.
    pub granted: Vec<String>,
    pub collections: Vec<CollectionRow>,
    pub history: Vec<SyncRun>,
    pub consent: Option<ConsentGiven>,
    /// Where at the provider the person sees and ends what was granted.
    pub account_page: Option<Way>,
    pub loss: Loss,
}

/// How one collection fares.
#[derive(Clone, Debug)]
pub struct CollectionRow {
    pub kind: Kind,
    /// The provider's own word for it.
    pub collection: String,
    /// "1,204".
    pub count: String,
    /// "28 Dec to 26 Jan".
    pub covered: Option<String>,
    /// "3 to 5 Jan".
    pub gaps: Vec<String>,
    /// What went wrong last, in words.
    pub error: Option<String>,
}

/// One sync that has ended.
#[derive(Clone, Debug)]
pub struct SyncRun {
    pub at: Moment,
    /// "Scheduled", "You asked", "First sync".
    pub cause: String,
    /// "12 records added, 2 revised".
    pub result: String,
    pub failed: bool,
}

/// What the person agreed to.
#[derive(Clone, Debug)]
pub struct ConsentGiven {
    pub kinds: Vec<Kind>,
    pub purpose: String,
    pub version: String,
    pub at: Moment,
}

/// What erasing destroys.
#[derive(Clone, Debug)]
pub struct Loss {
    /// "1,204".
    pub records: String,
    /// "28 December to 26 January".
    pub span: Option<String>,
}

impl ProviderRow {
    /// Whether the server collects from it.
    pub fn is_active(&self) -> bool {
        matches!(self.standing, Standing::Active { .. })
    }

    /// Whether there is something that could be ended.
    pub fn can_disconnect(&self) -> bool {
        matches!(self.standing, Standing::Active { .. } | Standing::NeedsConsent { .. } | Standing::Pending)
    }

    /// The standing as one word in the stylesheet.
    pub fn mark(&self) -> &'static str {
        match self.standing {
            Standing::Active { .. } => "active",
            Standing::NeedsConsent { .. } => "trouble",
            Standing::Pending => "pending",
            Standing::NotConnected | Standing::NotSetUp { .. } => "none",
        }
    }
}

impl ConsentGiven {
    /// The kinds, in words.
    pub fn kind_words(&self) -> String {
        let labels: Vec<_> = self.kinds.iter().map(|kind| kind.label()).collect();
        labels.join(", ")
    }
}

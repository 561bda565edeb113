//! Pages for who runs the server: how it fares, what providers have sent, what they are asked to send.

use askama::Template;
use model::{DeliveryState, NoticeState, Operation, SubscriptionState};

use super::{Moment, Page};

/// The tabs of these pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Overview,
    Deliveries,
    Subscriptions,
}

impl Tab {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Overview, Self::Deliveries, Self::Subscriptions];

    /// The page's address.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Overview => "/server",
            Self::Deliveries => "/server/deliveries",
            Self::Subscriptions => "/server/subscriptions",
        }
    }

    /// The page's name.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Deliveries => "Deliveries",
            Self::Subscriptions => "Subscriptions",
        }
    }
}

/// How the server fares.
#[derive(Template)]
#[template(path = "server.html")]
pub(crate) struct Server {
    pub(crate) page: Page,
    pub(crate) tab: Tab,
    pub(crate) ready: bool,
    pub(crate) checks: Vec<CheckRow>,
    pub(crate) sizes: Vec<SizeRow>,
    /// "14.2 MB in all; counted 20 seconds ago".
    pub(crate) sizes_note: String,
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub(crate) struct CheckRow {
    pub(crate) name: String,
    pub(crate) ok: bool,
    pub(crate) detail: String,
    /// Since when, or when last.
    pub(crate) at: Option<Moment>,
}

/// How much is kept of something.
#[derive(Clone, Debug)]
pub(crate) struct SizeRow {
    pub(crate) name: String,
    pub(crate) rows: String,
    /// Absent where the database does not say.
    pub(crate) bytes: Option<String>,
}

/// What providers have sent.
#[derive(Template)]
#[template(path = "deliveries.html")]
pub(crate) struct Deliveries {
    pub(crate) page: Page,
    pub(crate) tab: Tab,
    pub(crate) rows: Vec<DeliveryRow>,
    /// Only this state.
    pub(crate) state: Option<DeliveryState>,
    /// Only this provider's; empty for all.
    pub(crate) provider: String,
    /// Ids and names to choose from.
    pub(crate) providers: Vec<(String, String)>,
    pub(crate) older: Option<String>,
}

/// One delivery.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryRow {
    pub(crate) id: String,
    pub(crate) at: Moment,
    pub(crate) provider: String,
    pub(crate) state: DeliveryState,
    pub(crate) why: Option<String>,
    pub(crate) notices: Vec<NoticeRow>,
}

/// One thing that a delivery speaks of.
#[derive(Clone, Debug)]
pub(crate) struct NoticeRow {
    /// "daily_sleep create".
    pub(crate) what: String,
    pub(crate) object_id: String,
    pub(crate) state: NoticeState,
    pub(crate) why: Option<String>,
}

impl Deliveries {
    /// The states to choose from.
    pub(crate) fn states(&self) -> &'static [DeliveryState] {
        DeliveryState::ALL
    }

    /// Whether a state is the one chosen.
    pub(crate) fn is_state(&self, state: &DeliveryState) -> bool {
        self.state.as_ref() == Some(state)
    }
}

impl DeliveryRow {
    /// The state's mark.
    pub(crate) fn mark(&self) -> &'static str {
        match self.state {
            DeliveryState::Applied => "active",
            DeliveryState::Received | DeliveryState::Waiting => "pending",
            DeliveryState::Unmatched => "none",
            DeliveryState::Dead => "trouble",
        }
    }

    /// The state in words.
    pub(crate) fn words(&self) -> &'static str {
        match self.state {
            DeliveryState::Received => "received",
            DeliveryState::Waiting => "being fetched",
            DeliveryState::Applied => "applied",
            DeliveryState::Unmatched => "nobody here has connected this account",
            DeliveryState::Dead => "not understood or not fetched",
        }
    }

    /// Whether trying again makes sense.
    pub(crate) fn can_replay(&self) -> bool {
        matches!(self.state, DeliveryState::Dead | DeliveryState::Unmatched | DeliveryState::Applied)
    }
}

/// What providers are asked to send.
#[derive(Template)]
#[template(path = "subscriptions.html")]
pub(crate) struct Subscriptions {
    pub(crate) page: Page,
    pub(crate) tab: Tab,
    pub(crate) providers: Vec<Listening>,
}

/// How one provider tells us of changes.
#[derive(Clone, Debug)]
pub(crate) struct Listening {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The state's mark.
    pub(crate) mark: &'static str,
    /// "It tells us of changes" or what is wrong and what is done meanwhile.
    pub(crate) words: String,
    pub(crate) last_heard: Option<Moment>,
    pub(crate) checked: Option<Moment>,
    pub(crate) callback_url: String,
    pub(crate) count: usize,
    pub(crate) rows: Vec<SubscriptionRow>,
}

/// The subscriptions to one kind of data that fare alike.
#[derive(Clone, Debug)]
pub(crate) struct SubscriptionRow {
    pub(crate) ids: Vec<String>,
    /// Whether the provider has them: then they can be renewed and ended.
    pub(crate) is_there: bool,
    pub(crate) data_type: String,
    pub(crate) operations: Vec<Operation>,
    pub(crate) state: SubscriptionState,
    pub(crate) expires: Option<Moment>,
    pub(crate) error: Option<String>,
}

impl SubscriptionRow {
    /// Takes in another that fares alike.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.operations.extend(other.operations);
    }

    /// What the provider tells of by them: "daily_sleep: create, update".
    pub(crate) fn what(&self) -> String {
        let operations: Vec<_> = self.operations.iter().map(|operation| operation.as_str()).collect();
        format!("{}: {}", self.data_type, operations.join(", "))
    }

    /// Whether another is to the same data and fares alike, as far as one sees.
    pub(crate) fn fares_like(&self, other: &Self) -> bool {
        let words = |row: &Self| row.expires.as_ref().map(|at| at.words.clone());
        self.data_type == other.data_type
            && self.is_there == other.is_there
            && self.state == other.state
            && self.error == other.error
            && words(self) == words(other)
    }
}

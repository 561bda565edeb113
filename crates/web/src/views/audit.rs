//! Who did what to whose data, in sentences.

use askama::Template;
use model::Action;

use super::{Moment, Page};

/// The page of the audit trail.
#[derive(Template)]
#[template(path = "audit.html")]
pub(crate) struct Audit {
    pub(crate) page: Page,
    pub(crate) days: Vec<AuditDay>,
    /// Show only this action.
    pub(crate) filter: Option<Action>,
    pub(crate) chain: Chain,
    /// The page before this one in time.
    pub(crate) older: Option<String>,
    /// The same as JSON.
    pub(crate) export: String,
}

/// The entries of one day.
#[derive(Clone, Debug)]
pub(crate) struct AuditDay {
    /// "Monday 26 January".
    pub(crate) day: String,
    pub(crate) lines: Vec<AuditLine>,
}

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct AuditLine {
    pub(crate) at: Moment,
    pub(crate) sentence: String,
}

/// Whether the trail still fits together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chain {
    Intact { entries: i64 },
    Broken { position: i64 },
}

/// Who acted, as the reader knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The reader.
    You,
    /// Another person, by e-mail address.
    Person(String),
    /// An API token, by name.
    Agent(String),
    /// Whoever followed a connect link.
    Guest,
    Somebody,
    Server,
    Operator,
}

impl Audit {
    /// Actions to choose from.
    pub(crate) fn actions(&self) -> &'static [Action] {
        Action::ALL
    }

    /// Whether an action is the one shown.
    pub(crate) fn is_filter(&self, action: &Action) -> bool {
        self.filter.as_ref() == Some(action)
    }

    /// An action as a choice of the filter.
    pub(crate) fn label(&self, action: &Action) -> &'static str {
        match action {
            Action::SignedIn => "Signed in",
            Action::SignInFailed => "Sign-in failed",
            Action::SignedOut => "Signed out",
            Action::ConnectBegun => "Connecting begun",
            Action::Connected => "Connected",
            Action::ConnectDenied => "Not connected",
            Action::Disconnected => "Disconnected",
            Action::NeedsConsent => "Consent needed",
            Action::TokenCreated => "Token made",
            Action::TokenRevoked => "Token revoked",
            Action::TokenUsed => "Token used",
            Action::RecordsRead => "Records read",
            Action::EventsRead => "Events read",
            Action::ContextRead => "Context read",
            Action::StatusRead => "Status read",
            Action::AuditRead => "Audit read",
            Action::SyncAsked => "Sync asked for",
            Action::SharingChanged => "Sharing changed",
            Action::SettingsChanged => "Settings changed",
            Action::LinkCreated => "Link made",
            Action::LinkRedeemed => "Link redeemed",
            Action::UserCreated => "User added",
            Action::EventsWatched => "Events watched",
            Action::DeliveriesRead => "Deliveries read",
            Action::DeliveryReplayed => "Delivery replayed",
            Action::WebhookCreated => "Webhook made",
            Action::WebhookChanged => "Webhook changed",
            Action::WebhookDeleted => "Webhook deleted",
            Action::RecordsPurged => "Records purged",
        }
    }
}

impl Who {
    /// An entry in a sentence; the detail is what it was about.
    pub(crate) fn did(&self, action: Action, detail: Option<&str>) -> String {
        let (verb, object) = verb(action);
        let sentence = match (object, detail) {
            (Object::Named(_), Some(detail)) => format!("{} {verb} {detail}", self.name()),
            (Object::Named(unknown), None) => format!("{} {verb} {unknown}", self.name()),
            (Object::Fixed(words), None) => format!("{} {verb}{words}", self.name()),
            (Object::Fixed(words), Some(detail)) => format!("{} {verb}{words} ({detail})", self.name()),
        };
        let mut letters = sentence.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    fn name(&self) -> String {
        match self {
            Self::You => "you".to_owned(),
            Self::Person(email) => email.clone(),
            Self::Agent(name) => format!("“{name}”"),
            Self::Guest => "whoever followed the connect link".to_owned(),
            Self::Somebody => "somebody who was not signed in".to_owned(),
            Self::Server => "this server".to_owned(),
            Self::Operator => "an operator at the command line".to_owned(),
        }
    }
}

/// What a verb is about.
enum Object {
    /// The detail names it; the words stand in when there is none.
    Named(&'static str),
    /// Always the same; the detail adds to it.
    Fixed(&'static str),
}

fn verb(action: Action) -> (&'static str, Object) {
    use Object::{Fixed, Named};
    match action {
        Action::SignedIn => ("signed in", Fixed("")),
        Action::SignInFailed => ("tried to sign in as you and failed", Fixed("")),
        Action::SignedOut => ("signed out", Fixed("")),
        Action::ConnectBegun => ("began to connect", Named("an account")),
        Action::Connected => ("connected", Named("an account")),
        Action::ConnectDenied => ("did not get to connect", Named("an account")),
        Action::Disconnected => ("disconnected", Named("an account")),
        Action::NeedsConsent => ("found that access has ended to", Named("an account")),
        Action::TokenCreated => ("made the", Named("token of an agent")),
        Action::TokenRevoked => ("revoked the", Named("token of an agent")),
        Action::TokenUsed => ("used", Fixed(" its token")),
        Action::RecordsRead => ("read", Fixed(" your records")),
        Action::EventsRead => ("read", Fixed(" your events")),
        Action::ContextRead => ("read", Fixed(" your context")),
        Action::StatusRead => ("looked at", Fixed(" the state of your connections")),
        Action::AuditRead => ("read", Fixed(" your audit trail")),
        Action::SyncAsked => ("asked for a sync of", Named("an account")),
        Action::SharingChanged => ("changed", Fixed(" what is shared")),
        Action::SettingsChanged => ("changed", Fixed(" your settings")),
        Action::LinkCreated => ("made a connect link", Fixed(" for you")),
        Action::LinkRedeemed => ("confirmed the connection made through", Named("a connect link")),
        Action::UserCreated => ("added", Fixed(" your account")),
        Action::EventsWatched => ("watched", Fixed(" your events")),
        Action::DeliveriesRead => ("looked at", Fixed(" what providers sent about you")),
        Action::DeliveryReplayed => ("replayed a delivery", Fixed(" about you")),
        Action::WebhookCreated => ("began to have your events sent to", Named("a webhook")),
        Action::WebhookChanged => ("changed", Named("a webhook of yours")),
        Action::WebhookDeleted => ("stopped having your events sent to", Named("a webhook")),
        Action::RecordsPurged => ("purged", Fixed(" your oldest records")),
    }
}

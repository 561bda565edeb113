//! Who did what to whose data.

use jiff::Timestamp;
use serde::Serialize;

use crate::{TokenId, UserId, words::words};

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person in a browser.
    User(UserId),
    /// A program with an API token.
    Token(TokenId),
    /// The person at the other end of a connect link.
    Link,
    /// Somebody who has not proved who they are.
    Anonymous,
    /// This server, by itself.
    System,
    /// An operator at the command line.
    Operator,
}

impl Actor {
    /// The words in the database: what kind of actor, and which.
    pub fn parts(&self) -> (&'static str, Option<String>) {
        match self {
            Self::User(id) => ("user", Some(id.to_string())),
            Self::Token(id) => ("token", Some(id.to_string())),
            Self::Link => ("link", None),
            Self::Anonymous => ("anonymous", None),
            Self::System => ("system", None),
            Self::Operator => ("operator", None),
        }
    }
}

words! {
    /// What was done.
    pub enum Action as "action" {
        SignedIn = "signed_in",
        SignInFailed = "sign_in_failed",
        SignedOut = "signed_out",
        ConnectBegun = "connect_begun",
        Connected = "connected",
        ConnectDenied = "connect_denied",
        Disconnected = "disconnected",
        NeedsConsent = "needs_consent",
        TokenCreated = "token_created",
        TokenRevoked = "token_revoked",
        TokenUsed = "token_used",
        RecordsRead = "records_read",
        EventsRead = "events_read",
        ContextRead = "context_read",
        StatusRead = "status_read",
        AuditRead = "audit_read",
        SyncAsked = "sync_asked",
        SharingChanged = "sharing_changed",
        SettingsChanged = "settings_changed",
        LinkCreated = "link_created",
        LinkRedeemed = "link_redeemed",
        UserCreated = "user_created",
        EventsWatched = "events_watched",
        DeliveriesRead = "deliveries_read",
        DeliveryReplayed = "delivery_replayed",
        WebhookCreated = "webhook_created",
        WebhookChanged = "webhook_changed",
        WebhookDeleted = "webhook_deleted",
        RecordsPurged = "records_purged",
    }
}

/// One entry of a person's audit trail.
#[derive(Clone, Debug, Serialize)]
pub struct AuditEntry {
    /// Gapless within a person's trail.
    pub position: i64,
    pub at: Timestamp,
    /// `user`, `token`, `link`, `anonymous`, `system` or `operator`.
    pub actor: String,
    /// Which user or token.
    pub actor_id: Option<String>,
    pub action: Action,
    /// What it was about, in words for the person.
    pub detail: Option<String>,
    /// Hash of this entry and of the one before it, as hexadecimal text.
    pub hash: String,
}

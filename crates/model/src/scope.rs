//! What an API token may do.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{UnknownWord, words::words};

words! {
    /// One permission of an API token.
    pub enum Scope as "scope" {
        ConnectionsRead = "connections:read",
        ConnectionsWrite = "connections:write",
        RecordsRead = "records:read",
        ContextRead = "context:read",
        SharingWrite = "sharing:write",
        TokensWrite = "tokens:write",
        AuditRead = "audit:read",
        WebhooksWrite = "webhooks:write",
        /// Service tokens only.
        DeliveriesRead = "deliveries:read",
        /// Service tokens only.
        DeliveriesWrite = "deliveries:write",
        /// Service tokens only.
        SubscriptionsRead = "subscriptions:read",
        /// Service tokens only.
        SubscriptionsWrite = "subscriptions:write",
        /// Service tokens only.
        MetricsRead = "metrics:read",
        /// Service tokens only.
        UsersWrite = "users:write",
        /// Service tokens only.
        LinksWrite = "links:write",
    }
}

impl Scope {
    /// What the scope allows, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::ConnectionsRead => "see connections and their state",
            Self::ConnectionsWrite => "connect, sync and disconnect",
            Self::RecordsRead => "read records and events",
            Self::ContextRead => "read the context for an agent",
            Self::SharingWrite => "change what is shared",
            Self::TokensWrite => "make and revoke API tokens",
            Self::AuditRead => "read the audit trail",
            Self::WebhooksWrite => "have events sent to an address",
            Self::DeliveriesRead => "see what providers have sent",
            Self::DeliveriesWrite => "replay what providers have sent",
            Self::SubscriptionsRead => "see what providers are to send",
            Self::SubscriptionsWrite => "renew and end what providers are to send",
            Self::MetricsRead => "read the server's metrics",
            Self::UsersWrite => "add users",
            Self::LinksWrite => "make connect links",
        }
    }

    /// Whether only a service token can hold it.
    pub fn service_only(self) -> bool {
        !matches!(
            self,
            Self::ConnectionsRead
                | Self::ConnectionsWrite
                | Self::RecordsRead
                | Self::ContextRead
                | Self::SharingWrite
                | Self::TokensWrite
                | Self::AuditRead
                | Self::WebhooksWrite
        )
    }
}

/// A set of scopes, written as words with spaces between.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(pub BTreeSet<Scope>);

impl Scopes {
    /// Every scope.
    pub fn all() -> Self {
        Self(Scope::ALL.iter().copied().collect())
    }

    /// Every scope that a person's own token can hold.
    pub fn personal() -> Self {
        Self(Scope::ALL.iter().copied().filter(|scope| !scope.service_only()).collect())
    }

    /// Reads words with spaces between.
    pub fn parse(text: &str) -> Result<Self, UnknownWord> {
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a scope is among them.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

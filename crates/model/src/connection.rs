//! One person's link to one account at a provider, and its states.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ConnectionId, ConsentId, Kind, UserId, words::words};

/// A person's link to one account at a provider.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: ConnectionId,
    pub user_id: UserId,
    pub provider: String,
    pub state: ConnectionState,
    /// Why it needs consent.
    pub reason: Option<Reason>,
    pub account: Account,
    /// What the provider granted; absent when it did not say.
    pub scopes_granted: Option<BTreeSet<String>>,
    /// What we asked for.
    pub scopes_asked: BTreeSet<String>,
    pub created_at: Timestamp,
    /// Since when it is in its state.
    pub state_since: Timestamp,
    pub connected_at: Option<Timestamp>,
    pub last_sync_at: Option<Timestamp>,
    pub last_error: Option<String>,
}

impl Connection {
    /// Scopes that were asked for and not granted.
    pub fn scopes_missing(&self) -> BTreeSet<String> {
        match &self.scopes_granted {
            Some(granted) => self.scopes_asked.difference(granted).cloned().collect(),
            None => BTreeSet::new(),
        }
    }

    /// Whether a scope can be used, as far as the provider told.
    pub fn grants(&self, scope: &str) -> bool {
        scope.is_empty() || self.scopes_granted.as_ref().is_none_or(|granted| granted.contains(scope))
    }
}

/// Who the provider says the account belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The provider's own identity of the account.
    pub id: String,
    /// How a person recognises it: an e-mail address or a name.
    pub label: Option<String>,
}

words! {
    /// The life of a connection.
    pub enum ConnectionState as "state" {
        /// Authorised, and waiting for somebody to confirm it. Nothing is collected.
        Pending = "pending",
        Active = "active",
        /// The provider no longer accepts our grant; the person must connect again.
        NeedsConsent = "needs_consent",
        Removed = "removed",
    }
}

/// A transition that the life of a connection does not have.
#[derive(Debug, thiserror::Error)]
#[error("a connection cannot go from {from:?} to {to:?}")]
pub struct InvalidTransition {
    pub from: ConnectionState,
    pub to: ConnectionState,
}

impl ConnectionState {
    /// Goes to a state, if the life of a connection has that step.
    pub fn to(self, to: Self) -> Result<Self, InvalidTransition> {
        use ConnectionState::{Active, NeedsConsent, Pending, Removed};
        match (self, to) {
            (Pending | NeedsConsent | Removed, Active)
            | (Active, NeedsConsent)
            | (Pending | Active | NeedsConsent, Removed) => Ok(to),
            (from, to) => Err(InvalidTransition { from, to }),
        }
    }
}

words! {
    /// Why a connection needs consent.
    pub enum Reason as "reason" {
        /// The provider refused our newest refresh token.
        Refused = "refused",
        /// A refresh was cut off, and the only refresh token was lost with it.
        OutcomeLost = "outcome_lost",
    }
}

/// What a person agreed to, when, and in which words.
#[derive(Clone, Debug, Serialize)]
pub struct Consent {
    pub id: ConsentId,
    pub provider: String,
    pub kinds: BTreeSet<Kind>,
    pub purpose: String,
    /// The version of the words that the person read.
    pub version: String,
    pub given_at: Timestamp,
    pub withdrawn_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::ConnectionState::{Active, NeedsConsent, Pending, Removed};

    #[test]
    fn a_removed_connection_never_merely_needs_consent() {
        assert!(Removed.to(NeedsConsent).is_err());
        assert!(Pending.to(NeedsConsent).is_err());
        assert!(Active.to(Pending).is_err());
        assert!(Removed.to(Active).is_ok(), "the same account may come back");
    }
}

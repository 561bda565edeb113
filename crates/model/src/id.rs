//! Identifiers: UUIDs of version 7, so that they sort by the time of their making.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text was not an identifier.
#[derive(Debug, thiserror::Error)]
#[error("not an identifier")]
pub struct InvalidId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// Deliveries that were received together.
    BundleId,
    /// A person.
    UserId,
    /// A person's link to one account at a provider.
    ConnectionId,
    /// What a person agreed to.
    ConsentId,
    /// A webhook as received.
    DeliveryId,
    /// Work to be done later.
    JobId,
    /// A connect link that an app made for one of its users.
    LinkId,
    /// What a delivery says has changed.
    NoticeId,
    /// One answer fetched from a provider.
    PageId,
    /// A normalised fact.
    RecordId,
    /// A signed-in browser.
    SessionId,
    /// Somewhere else that changes are written to.
    SinkId,
    /// What a provider sends us deliveries for.
    SubscriptionId,
    /// An API token.
    TokenId,
}

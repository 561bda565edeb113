//! Somewhere else that changes are written to.

use crate::{UserId, words::words};

/// Whose changes a sink is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// One person's.
    Person(UserId),
    /// All people's, for an app that embeds us.
    Everybody,
}

words! {
    /// Whether a sink is written to.
    pub enum SinkState as "state of a webhook" {
        Active = "active",
        Disabled = "disabled",
    }
}

words! {
    /// Why a sink is not written to any more.
    pub enum SinkReason as "reason of a webhook" {
        /// Somebody turned it off.
        Asked = "asked",
        /// The receiver answered that it is gone.
        Gone = "gone",
        /// Nothing was taken for days.
        Failing = "failing",
        /// The token that answers for it is revoked or has expired.
        TokenEnded = "token_ended",
    }
}

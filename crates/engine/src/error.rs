//! What can go wrong, by what the caller can do about it. Knows nothing of HTTP.

use jiff::Timestamp;
use model::Reason;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was named is not there, or not theirs.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// What was asked makes no sense.
    #[error("{field}: {why}")]
    Invalid { field: &'static str, why: String },
    /// Whoever asks may not, or not this.
    #[error("{0}")]
    Forbidden(String),
    /// What lies up to the floor was pruned: who asks for it takes the head, reads the records and goes on.
    #[error("what lies up to {floor} is not kept any more")]
    Expired { floor: i64, head: i64 },
    /// What claims to come from a provider does not.
    #[error("{0}")]
    Unsigned(providers::Unsigned),
    /// The provider has signed it, but not at this time.
    #[error("it was not signed at this time")]
    Stale,
    /// Whoever asks does not know what we told the provider, and nobody else.
    #[error("it does not prove to be the provider")]
    WrongToken,
    /// Whether it was kept is not known: it must be sent again.
    #[error("it could not be kept: {0}")]
    NotKept(store::Error),
    /// There is no connection to this provider.
    #[error("not connected")]
    NotConnected,
    /// The provider no longer accepts our grant: the person must connect again.
    #[error("the person must connect again")]
    NeedsConsent(Reason),
    /// Another account is connected: whoever asks must say that it is to be replaced.
    #[error("another account is connected")]
    AccountConflict,
    /// The way back from the provider is not the one that was begun.
    #[error("{0}")]
    State(StateProblem),
    /// A connect link or its code is not good any more.
    #[error("the link is {0}")]
    Link(LinkProblem),
    /// The request is being carried out already, or its key was used for another one.
    #[error("{0}")]
    Idempotency(&'static str),
    /// The provider gave nothing this time.
    #[error("{message}")]
    Unavailable { message: String, retry_at: Option<Timestamp> },
    /// The provider refused, and asking again would not help.
    #[error("{0}")]
    Refused(String),
    /// The chat to inject into is not one.
    #[error(transparent)]
    Chat(#[from] crate::context::InvalidChat),
    #[error(transparent)]
    Store(store::Error),
}

/// What is wrong with the way back from the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateProblem {
    #[error("this way back was never begun here")]
    Unknown,
    #[error("this way back was used already")]
    Used,
    #[error("this way back has expired")]
    Expired,
    #[error("somebody else began this")]
    Foreign,
    #[error("the provider sent neither a code nor an error")]
    Empty,
}

/// What is wrong with a connect link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkProblem {
    #[error("unknown")]
    Unknown,
    #[error("used already")]
    Used,
    #[error("expired")]
    Expired,
}

impl Error {
    pub(crate) fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid { field, why: why.into() }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound(what) => Self::NotFound(what),
            other => Self::Store(other),
        }
    }
}

impl From<providers::Error> for Error {
    fn from(error: providers::Error) -> Self {
        let message = error.to_string();
        match error {
            providers::Error::RateLimited(until) => Self::Unavailable { message, retry_at: Some(until) },
            providers::Error::Unavailable(_) | providers::Error::Unauthorized => {
                Self::Unavailable { message, retry_at: None }
            }
            _ => Self::Refused(message),
        }
    }
}

impl From<providers::oauth::Error> for Error {
    fn from(error: providers::oauth::Error) -> Self {
        use providers::oauth::Error::{InvalidGrant, OutcomeUnknown, Refused, Unavailable};
        match error {
            InvalidGrant | Refused { .. } => Self::Refused(error.to_string()),
            Unavailable(_) | OutcomeUnknown(_) => Self::Unavailable { message: error.to_string(), retry_at: None },
        }
    }
}

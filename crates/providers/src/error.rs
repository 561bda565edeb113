//! Why a provider's API gave nothing.

use jiff::Timestamp;

/// Why a provider's API gave nothing, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The access token is not accepted: refresh it once, then ask again.
    #[error("the provider does not accept the access token")]
    Unauthorized,
    /// The grant lacks a scope: refreshing would not help.
    #[error("the scope {0} was not granted")]
    MissingScope(String),
    /// The account may not be read, whatever the token.
    #[error("the provider refuses: {0}")]
    Forbidden(String),
    /// There is no such thing.
    #[error("the provider knows no such thing")]
    NotFound,
    /// Too many requests: ask again then.
    #[error("the provider asks to wait until {0}")]
    RateLimited(Timestamp),
    /// The provider is in trouble or out of reach: ask again later.
    #[error("the provider is not available: {0}")]
    Unavailable(String),
    /// The provider does not understand our request: asking again would not help.
    #[error("the provider rejected the request with status {0}")]
    Rejected(u16),
    /// The answer is not what the provider documents.
    #[error("the provider's answer could not be read: {0}")]
    Malformed(String),
}

impl Error {
    /// What a status means where the provider has no more to say.
    pub fn from_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden(format!("status {status}")),
            404 | 410 => Self::NotFound,
            // RFC 9110 and RFC 8470: the same request may succeed later.
            408 | 425 | 500.. => Self::Unavailable(format!("status {status}")),
            other => Self::Rejected(other),
        }
    }
}

impl From<outbound::Error> for Error {
    fn from(error: outbound::Error) -> Self {
        use outbound::Error::{Forbidden, TooLarge};
        match error {
            // Neither would end otherwise the next time.
            Forbidden(_) | TooLarge(_) => Self::Malformed(error.to_string()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

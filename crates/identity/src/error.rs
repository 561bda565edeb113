//! What can go wrong, by what the caller can do about it.

use jiff::Timestamp;

/// What can go wrong with people and apps.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such e-mail address or not its password: which of the two is not told.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// Too many wrong passwords: even the right one must wait.
    #[error("too many wrong passwords; try again after {until}")]
    Locked { until: Timestamp },
    /// What was given cannot be accepted, and why.
    #[error("{0}")]
    Invalid(String),
    /// Whoever asks may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The password could not be hashed: there is no memory, or the server is stopping.
    #[error("the password could not be hashed")]
    Hashing,
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    pub(crate) fn invalid<T>(text: impl Into<String>) -> Result<T, Self> {
        Err(Self::Invalid(text.into()))
    }
}

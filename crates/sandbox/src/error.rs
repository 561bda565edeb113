//! Why a sandbox cannot be opened.

use std::path::PathBuf;

/// Why a sandbox cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A recorded answer cannot be read.
    #[error("cannot read the recorded answers in {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// A recorded answer is not JSON.
    #[error("{} is not JSON: {source}", path.display())]
    NotJson { path: PathBuf, source: serde_json::Error },
    /// A recorded answer is JSON of the wrong shape.
    #[error("{} is not a recorded answer: {problem}", path.display())]
    NotAnAnswer { path: PathBuf, problem: &'static str },
    /// The calendar has no such day.
    #[error("the sandbox's person cannot live then: {0}")]
    Calendar(#[from] jiff::Error),
    /// There is nothing to send webhooks with.
    #[error("webhooks cannot be sent: {0}")]
    Sender(String),
}

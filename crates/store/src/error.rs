//! What can go wrong in the store, by what the caller can do about it.

use std::sync::Arc;

use crate::outage;

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was named is not there.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Somebody else was first.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// The key that would open it was destroyed or is not configured.
    #[error("the key {0} is not here")]
    KeyMissing(String),
    /// It does not open: it was changed, or moved to another row.
    #[error("what was sealed does not open: {0}")]
    Sealed(&'static str),
    /// A row says what no row should say.
    #[error("a row of {table} holds a {column} that cannot be read")]
    Corrupt { table: &'static str, column: &'static str },
    /// The batch that it was to be done in failed.
    #[error("the batch failed: {0}")]
    Batch(Arc<Error>),
    /// Too much waits to be done already. Nothing was done.
    #[error("too much waits to be done")]
    Busy,
    /// Whether it was done is not known.
    #[error("the outcome is unknown")]
    OutcomeUnknown,
    /// A setting of the store is wrong.
    #[error("{0}")]
    Setting(String),
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the migrations: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl Error {
    /// Whether the database itself is in trouble, whatever it is asked: it is away, or its disk is full.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Batch(error) => error.is_outage(),
            Self::OutcomeUnknown => true,
            Self::Database(error) => outage::is_outage(error),
            _ => false,
        }
    }

    pub(crate) fn corrupt(table: &'static str, column: &'static str) -> Self {
        Self::Corrupt { table, column }
    }

    /// Turns a broken unique constraint into a conflict.
    pub(crate) fn on_conflict(what: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |error| match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => Self::Conflict(what),
            _ => Self::Database(error),
        }
    }
}

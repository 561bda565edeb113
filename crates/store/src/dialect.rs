//! What differs between the engines.

use crate::{Mode, Tx, db::Open};

impl<M: Mode> Tx<M> {
    /// A suffix for batch claims: PostgreSQL's claimers step around each other's rows, SQLite has one writer.
    pub(crate) fn skip_locked(&self) -> &'static str {
        match self.open {
            Open::Sqlite(_) => "",
            Open::Postgres(_) => " for update skip locked",
        }
    }
}

//! The only room that speaks SQL, a file per noun; it seals what is secret. One text for SQLite and PostgreSQL.

mod account;
mod attempt;
mod audit;
mod budget;
mod change;
mod collection;
mod connection;
mod consent;
mod credential;
mod db;
mod dialect;
mod error;
mod idempotency;
mod job;
mod link;
mod page;
mod record;
mod row;
mod seal;
mod session;
mod sharing;
mod token;
mod user;

pub use account::SignIn;
pub use attempt::{Attempt, NewAttempt, Principal};
pub use audit::{AuditQuery, BrokenChain};
pub use change::NewChange;
pub use collection::{CollectionState, Coverage};
pub use connection::NewConnection;
pub use credential::{Claim, Swap};
pub use db::{Db, Mode, Read, Reader, Tx, Write};
pub use error::Error;
pub use idempotency::Remembered;
pub use job::{Job, NewJob};
pub use link::{Link, NewLink};
pub use page::RawPage;
pub use record::{Kept, RecordQuery};
pub use seal::{MasterKey, MasterKeys, digest, hash_secret};
pub use session::Session;
pub use token::{ApiToken, NewToken};
pub use user::NewUser;

/// What store functions return.
pub type Result<T> = std::result::Result<T, Error>;

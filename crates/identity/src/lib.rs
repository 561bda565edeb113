//! Who people and apps are: accounts, sessions and API tokens. Every decision is made here, every door only asks.

mod account;
mod error;
mod password;
mod recent;
mod rules;
mod session;
mod sign_in;
mod strangers;
mod token;

use std::sync::Arc;

use model::{Clock, Random, User};
use store::{ApiToken, Db, Gather};

pub use account::NewAccount;
pub use error::Error;
pub use password::SHORTEST_PASSWORD;
pub use sign_in::SignedIn;
pub use token::TokenRequest;

use crate::{password::Passwords, recent::Recent, strangers::Strangers};

/// What the functions of this room return.
pub type Result<T> = std::result::Result<T, Error>;

/// Knows people and apps. Clones share one memory.
#[derive(Clone)]
pub struct Identity {
    db: Db,
    clock: Clock,
    random: Random,
    passwords: Passwords,
    recent: Arc<Recent>,
    strangers: Arc<Strangers>,
    /// The tokens of hashes that are asked for at the same time.
    tokens: Gather<String, Option<(ApiToken, User)>>,
}

impl Identity {
    /// Knows the people and apps of a database.
    pub fn new(db: Db, clock: Clock, random: Random) -> Self {
        let passwords = Passwords::new(random.clone());
        let tokens = token::gathered(db.clone(), clock.clone());
        Self { db, clock, random, passwords, recent: Arc::default(), strangers: Arc::default(), tokens }
    }
}

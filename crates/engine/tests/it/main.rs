//! What the engine does, on both databases, against the sandbox over HTTP: a file per story.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod accounts;
mod budget;
mod connect;
mod consent;
mod cut_off;
mod disconnect;
mod kill;
mod link;
mod people;
mod rederive;
mod refresh;
mod replayed;
mod state;
mod sync;
mod tell;
mod trouble;
mod worker;

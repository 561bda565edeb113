//! What the engine does, on both databases, against the sandbox over HTTP: a file per story.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod accept;
mod accounts;
mod away;
mod budget;
mod connect;
mod consent;
mod cut_off;
mod disconnect;
mod export;
mod full;
mod given_up;
mod jumps;
mod keep;
mod kill;
mod link;
mod listen;
mod measured;
mod office;
mod people;
mod races;
mod receive;
mod rederive;
mod refresh;
mod replayed;
mod retention;
mod silence;
mod state;
mod stream;
mod sync;
mod tell;
mod told;
mod trouble;
mod watch;
mod worker;

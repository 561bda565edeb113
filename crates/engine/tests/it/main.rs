//! What the engine does, on both databases, against the sandbox over HTTP: a file per story.

mod accounts;
mod budget;
mod connect;
mod consent;
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

//! What the engine does, on both databases, against the sandbox over HTTP: a file per story.

mod connect;
mod people;
mod refresh;
mod state;

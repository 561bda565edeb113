//! What goes through the doors, in-process: a file per story.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod agents;
mod aliases;
mod callback;
mod chats;
mod connecting;
mod doors;
mod idempotency;
mod limits;
mod links;
mod manners;
mod pages;
mod permissions;
mod reads;
mod security;
mod signing_in;

//! What goes through the doors, in-process: a file per story.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod agents;
mod aliases;
mod callback;
mod chats;
mod connecting;
mod declared;
mod deliveries;
mod doors;
mod idempotency;
mod keeping;
mod limits;
mod links;
mod listener;
mod live;
mod manners;
mod metrics;
mod odd;
mod pages;
mod permissions;
mod reads;
mod security;
mod sending;
mod signing_in;
mod sockets;
mod streams;
mod subscriptions;

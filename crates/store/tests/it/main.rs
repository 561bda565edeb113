//! What the store keeps, on both engines, a module per noun.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod account;
mod attempt;
mod audit;
mod budget;
mod change;
mod collection;
mod connected;
mod connection;
mod consent;
mod credential;
mod delivery;
mod housekeeping;
mod idempotency;
mod job;
mod link;
mod log;
mod notice;
mod page;
mod people;
mod pruning;
mod queue;
mod record;
mod retention;
mod session;
mod sharing;
mod sink;
mod size;
mod standing;
mod subscription;
mod token;
mod user;

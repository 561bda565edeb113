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
mod idempotency;
mod job;
mod link;
mod page;
mod people;
mod record;
mod session;
mod sharing;
mod token;
mod user;

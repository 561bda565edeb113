//! What the store keeps, on both engines, a module per noun.

mod account;
mod attempt;
mod audit;
mod idempotency;
mod link;
mod people;
mod raw;
mod session;
mod sharing;
mod token;
mod user;

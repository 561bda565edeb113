//! The sandbox as its clients meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod control;
mod faults;
mod life;
mod oauth;
mod paging;
mod receiver;
mod recordings;
mod replay;
mod schema;
mod sending;
mod subscribing;
mod telling;
mod windows;

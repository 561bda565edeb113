//! The sandbox as its clients meet it.

mod client;
mod control;
mod faults;
mod life;
mod oauth;
mod paging;
mod replay;
mod schema;
mod windows;

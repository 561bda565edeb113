//! The one HTTP client that leaves the house: SSRF-safe, capped in size and time, following no redirects, budgeted.

mod budget;
mod client;
pub mod fuzzing;
mod guard;

pub use budget::{Budget, Limit, Unlimited};
pub use client::{Answer, Client, Error, Request};
pub use guard::Guard;

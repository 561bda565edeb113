//! The only room that writes elsewhere: a folder for each type of sink, and what they share.

mod registry;
mod sink;
pub mod webhook;

pub use registry::{all, named};
pub use sink::{Event, InvalidSettings, Outside, Sink, Verdict, What, Written};

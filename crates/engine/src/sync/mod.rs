//! Brings data in: which days of which collections, page by page, without losing the place.

mod ask;
mod bring;
mod fetch;
mod outcome;
mod piece;
mod plan;
mod progress;
mod run;
mod turn;
mod watch;

pub use self::{
    ask::{Asked, JobReport, SyncRequest},
    outcome::{Failure, Outcome},
    progress::Progress,
};
pub(crate) use self::{
    ask::{bring_forward, report},
    bring::Looked,
    fetch::{Trial, Trouble},
    plan::{BACKFILL_DAYS, Plan},
};

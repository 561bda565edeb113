//! Brings data in: which days of which collections, page by page, without losing the place.

mod ask;
mod fetch;
mod outcome;
mod piece;
mod plan;
mod progress;
mod run;

pub(crate) use self::{
    ask::bring_forward,
    plan::{BACKFILL_DAYS, Plan},
};
pub use self::{
    ask::{Asked, JobReport, SyncRequest},
    outcome::{Failure, Outcome},
    progress::Progress,
};

//! Streams out: one fan-out in memory, replay from the log by cursor, nothing buffered without bound.

mod event;
mod follow;
mod hub;
mod tail;
mod watch;

pub(crate) use self::{event::Batch, follow::check_position, hub::Hub, watch::Gallery};
pub use self::{
    event::{Event, Filter, Glimpse},
    follow::{Follow, Said},
    watch::{Watch, Watched},
};
use crate::{Engine, Error};

/// Why a stream ends by itself.
#[derive(Debug)]
pub enum Ended {
    /// This server stops.
    Closing,
    /// The person is not here any more.
    Gone,
    /// The reader fell too far behind what has no cursor to come back to.
    Behind,
    /// What was to be told could not be read.
    Failed(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(_) => Self::Gone,
            other => Self::Failed(other),
        }
    }
}

impl Engine {
    /// Ends all streams, so that nobody waits for them to end.
    pub fn close_streams(&self) {
        self.closing.cancel();
    }

    /// Ends when streams are to end.
    pub async fn closing(&self) {
        self.closing.cancelled().await;
    }
}

//! Doors that stay open: events as they happen, as server-sent events and over a WebSocket.

mod knock;
pub(crate) mod live;
mod pipe;
mod places;
mod reading;
pub(crate) mod socket;
pub(crate) mod sse;

pub(crate) use self::{
    knock::shown as token_among_protocols,
    places::{Place, Places},
    reading::StreamQuery,
};
use engine::Ended;

/// Why a stream ends.
pub(super) enum End {
    /// This server stops.
    Closing,
    /// Who reads may not read any more.
    NoLonger,
    /// The reader is too slow. What it has not been sent lies after the position, where there is one.
    Behind(Option<i64>),
    /// The reader sends more than anybody has to say.
    TooLoud,
    /// Something could not be read, which may succeed soon.
    Trouble,
    /// The reader has gone, or says nothing any more.
    Left,
}

impl From<Ended> for End {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Closing => Self::Closing,
            Ended::Gone => Self::NoLonger,
            Ended::Behind => Self::Behind(None),
            Ended::Failed(error) => Self::trouble(&error),
        }
    }
}

impl From<engine::Error> for End {
    fn from(error: engine::Error) -> Self {
        Ended::from(error).into()
    }
}

impl End {
    fn trouble(error: &dyn std::error::Error) -> Self {
        tracing::warn!(%error, "a stream ends");
        Self::Trouble
    }
}

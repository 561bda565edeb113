//! What all types of sinks have in common: they are given one event at a time, and say what became of it.

use async_trait::async_trait;
use jiff::Timestamp;
use model::{Change, Secret, SinkId, UserId};
use outbound::Client;

/// A type of somewhere else. It never sees the database: what it is given is sealed there.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Its name in the database.
    fn name(&self) -> &'static str;

    /// Writes one event. The same event may come again, and must then be known by the same message.
    async fn write(&self, outside: &Outside<'_>, settings: &Secret, event: &Event) -> Result<Written, InvalidSettings>;
}

/// The way out, and the time.
pub struct Outside<'a> {
    pub http: &'a Client,
    pub now: Timestamp,
}

/// Something to be told of a person.
#[derive(Clone, Debug)]
pub struct Event {
    pub sink: SinkId,
    pub user: UserId,
    /// The name that an embedding app gave to the person.
    pub external_id: Option<String>,
    pub what: What,
}

/// What is told.
#[derive(Clone, Debug)]
pub enum What {
    Change(Change),
    /// Changes up to a position were deleted before they could be told.
    Reset {
        floor: i64,
        head: i64,
    },
    /// Nothing has happened: somebody wants to see whether it arrives.
    Test {
        /// Differs from test to test.
        number: u128,
    },
}

/// What became of an event.
#[derive(Clone, Debug)]
pub struct Written {
    /// The same for the same event, however often it is written.
    pub message: String,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    pub verdict: Verdict,
}

/// How the other side took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// It was not taken this time: why, and when to come again at the earliest, where the other side said so.
    Refused {
        why: String,
        not_before: Option<Timestamp>,
    },
    /// The other side wants no more events at all.
    Gone,
}

/// The settings of a sink are not what its type expects.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the settings of the sink cannot be read")]
pub struct InvalidSettings;

//! What happened, counted as it happens.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metrics::{
    Unit::{Count, Seconds},
    counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use model::Reason;
use sinks::{Event, What, Written};

use crate::{
    Engine,
    credentials::Refreshed,
    jobs::{self, Verdict},
};

const JOBS: &str = "afferent_jobs_total";
const JOB_SECONDS: &str = "afferent_job_duration_seconds";
const REFRESHES: &str = "afferent_refreshes_total";
const DELIVERIES: &str = "afferent_webhook_deliveries_total";
const LAG: &str = "afferent_webhook_lag_seconds";
const STREAMS: &str = "afferent_streams_open";
const STREAMED: &str = "afferent_stream_events_total";
const SINK_WRITES: &str = "afferent_sink_writes_total";
const SINK_LAG: &str = "afferent_sink_lag_seconds";

macro_rules! labels {
    ($(#[$doc:meta])* $visible:vis enum $name:ident { $($(#[$note:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visible enum $name { $($(#[$note])* $variant,)+ }

        impl $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

labels! {
    /// What became of a delivery at our door, and behind it.
    pub(crate) enum Delivered {
        Accepted = "accepted",
        Duplicate = "duplicate",
        /// Its signature is missing or wrong.
        Forged = "forged",
        /// Rightly signed, but too long ago or in the future.
        Stale = "stale",
        /// Rightly signed, and nobody here has the account.
        Unmatched = "unmatched",
        /// Kept, but given up.
        Dead = "dead",
        /// It could not be kept: whoever sent it must send it again.
        Refused = "refused",
    }
}

labels! {
    /// How somebody follows events.
    pub enum Via {
        Sse = "sse",
        Socket = "websocket",
        /// An administrator's view over everybody.
        Live = "live",
    }
}

/// What trying a job can come to, as it is counted.
const TRIED: [&str; 4] = ["done", "put_off", "failed", "taken_over"];
/// What a refresh can come to.
const REFRESHED: [&str; 5] = ["done", "refused", "outcome_lost", "removed", "failed"];

/// A job was tried.
pub(crate) fn job(job_type: &str, verdict: Option<&Verdict>, took: Duration) {
    let outcome = match verdict {
        Some(Verdict::Done { .. }) => "done",
        Some(Verdict::Retry { .. }) => "put_off",
        Some(Verdict::Fail(_)) => "failed",
        None => "taken_over",
    };
    counter!(JOBS, "type" => job_type.to_owned(), "outcome" => outcome).increment(1);
    histogram!(JOB_SECONDS, "type" => job_type.to_owned()).record(took);
}

/// A refresh came to its end.
pub(crate) fn refresh(provider: &str, refreshed: &Refreshed) {
    let outcome = match refreshed {
        Refreshed::Done => "done",
        Refreshed::NeedsConsent(Reason::Refused) => "refused",
        Refreshed::NeedsConsent(Reason::OutcomeLost) => "outcome_lost",
        Refreshed::Removed => "removed",
        Refreshed::Later(_) => "failed",
    };
    counter!(REFRESHES, "provider" => provider.to_owned(), "outcome" => outcome).increment(1);
}

/// A provider sent something, or something became of what it sent.
pub(crate) fn delivery(provider: &str, delivered: Delivered) {
    counter!(DELIVERIES, "provider" => provider.to_owned(), "outcome" => delivered.word()).increment(1);
}

/// What a delivery told of is in its person's log, so long after it was received.
pub(crate) fn webhook_lag(provider: &str, lag: SignedDuration) {
    histogram!(LAG, "provider" => provider.to_owned()).record(lag.as_secs_f64().max(0.0));
}

/// An event was written to a sink, or not taken there.
pub(crate) fn written(sink: &str, event: &Event, written: &Written, now: Timestamp) {
    let outcome = match written.verdict {
        sinks::Verdict::Taken => "taken",
        sinks::Verdict::Refused { .. } => "refused",
        sinks::Verdict::Gone => "gone",
    };
    counter!(SINK_WRITES, "sink" => sink.to_owned(), "outcome" => outcome).increment(1);
    if let (sinks::Verdict::Taken, What::Change(change)) = (&written.verdict, &event.what) {
        let lag = now.duration_since(change.at).as_secs_f64().max(0.0);
        histogram!(SINK_LAG, "sink" => sink.to_owned()).record(lag);
    }
}

/// A stream that is open until dropped.
pub struct OpenStream(Via);

impl OpenStream {
    /// Somebody begins to follow events.
    pub fn new(via: Via) -> Self {
        gauge!(STREAMS, "via" => via.word()).increment(1.0);
        Self(via)
    }

    /// So many events were sent on it.
    pub fn sent(&self, events: usize) {
        counter!(STREAMED, "via" => self.0.word()).increment(events as u64);
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        gauge!(STREAMS, "via" => self.0.word()).decrement(1.0);
    }
}

impl Engine {
    /// Says what is counted here, and begins at nothing: what first appears as 1 would look to an alert as if it had
    /// always been so.
    pub fn begin_measuring(&self) {
        describe_counter!(JOBS, Count, "Jobs that were tried, by what came of it.");
        describe_histogram!(JOB_SECONDS, Seconds, "How long trying a job took.");
        describe_counter!(REFRESHES, Count, "Refreshes of tokens, by what came of it.");
        describe_counter!(DELIVERIES, Count, "What providers sent, by what became of it.");
        describe_histogram!(LAG, Seconds, "From a delivery's receipt until what it told of was applied.");
        describe_gauge!(STREAMS, Count, "Streams of events that are open.");
        describe_counter!(STREAMED, Count, "Events that were sent on streams.");
        describe_counter!(SINK_WRITES, Count, "Events that were written to sinks, by what came of it.");
        describe_histogram!(SINK_LAG, Seconds, "From a change until a sink has taken it.");
        for (job_type, outcome) in jobs::ALL.iter().flat_map(|job_type| TRIED.map(|outcome| (*job_type, outcome))) {
            counter!(JOBS, "type" => job_type, "outcome" => outcome).increment(0);
        }
        self.providers.keys().for_each(|provider| begin_at_nothing(provider));
        for via in Via::ALL {
            gauge!(STREAMS, "via" => via.word()).increment(0.0);
            counter!(STREAMED, "via" => via.word()).increment(0);
        }
        sinks::all().iter().for_each(|sink| begin_at_nothing_written(sink.name()));
    }
}

fn begin_at_nothing_written(sink: &'static str) {
    let _ = histogram!(SINK_LAG, "sink" => sink);
    for outcome in ["taken", "refused", "gone"] {
        counter!(SINK_WRITES, "sink" => sink, "outcome" => outcome).increment(0);
    }
}

fn begin_at_nothing(provider: &str) {
    providers::measure::begin(provider);
    let _ = histogram!(LAG, "provider" => provider.to_owned());
    for outcome in REFRESHED {
        counter!(REFRESHES, "provider" => provider.to_owned(), "outcome" => outcome).increment(0);
    }
    for delivered in Delivered::ALL {
        counter!(DELIVERIES, "provider" => provider.to_owned(), "outcome" => delivered.word()).increment(0);
    }
}

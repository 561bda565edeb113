//! What is counted of the requests to providers. A label is one of a closed list.

use std::time::Duration;

use metrics::{
    Unit::{Count, Seconds},
    counter, describe_counter, describe_histogram, histogram,
};
use outbound::Answer;

use crate::Error;

const CALLS: &str = "afferent_provider_calls_total";
const CALL_SECONDS: &str = "afferent_provider_call_duration_seconds";

/// What a request can come to.
const OUTCOMES: [&str; 9] = [
    "ok",
    "unauthorized",
    "missing_scope",
    "forbidden",
    "not_found",
    "rate_limited",
    "unavailable",
    "rejected",
    "malformed",
];

/// Says what is counted of a provider, and begins at nothing.
pub fn begin(provider: &str) {
    describe_counter!(CALLS, Count, "Requests to providers' APIs, by what came back.");
    describe_histogram!(CALL_SECONDS, Seconds, "How long a provider took to answer.");
    let _ = histogram!(CALL_SECONDS, "provider" => provider.to_owned());
    for outcome in OUTCOMES {
        counter!(CALLS, "provider" => provider.to_owned(), "outcome" => outcome).increment(0);
    }
}

/// A request was sent, and answered or not.
pub(crate) fn call(provider: &str, came: &Result<Answer, Error>, took: Duration) {
    counter!(CALLS, "provider" => provider.to_owned(), "outcome" => outcome(came)).increment(1);
    histogram!(CALL_SECONDS, "provider" => provider.to_owned()).record(took);
}

/// What a request came to, in one word.
pub(crate) fn outcome(came: &Result<Answer, Error>) -> &'static str {
    match came {
        Ok(_) => "ok",
        Err(Error::Unauthorized) => "unauthorized",
        Err(Error::MissingScope(_)) => "missing_scope",
        Err(Error::Forbidden(_)) => "forbidden",
        Err(Error::NotFound) => "not_found",
        Err(Error::RateLimited(_)) => "rate_limited",
        Err(Error::Unavailable(_)) => "unavailable",
        Err(Error::Rejected(_)) => "rejected",
        Err(Error::Malformed(_)) => "malformed",
    }
}

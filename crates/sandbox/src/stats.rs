//! What a provider was asked and how it answered.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a provider was asked and how it answered.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize)]
pub struct Stats {
    /// Calls of the token endpoint.
    pub token: TokenCalls,
    /// Requests by path, then by status (`dropped` when the answer was lost on purpose).
    pub requests: BTreeMap<String, BTreeMap<String, u64>>,
    /// Webhooks out.
    pub webhooks: Webhooks,
}

/// Calls of the token endpoint.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize)]
pub struct TokenCalls {
    /// All that were carried out.
    pub calls: u64,
    /// Those that gave tokens.
    pub ok: u64,
    /// Those that did not.
    pub refused: u64,
    /// The same, by the kind of grant.
    pub by_grant: BTreeMap<String, Outcomes>,
}

/// How many calls went well.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
pub struct Outcomes {
    /// Those that gave tokens.
    pub ok: u64,
    /// Those that did not.
    pub refused: u64,
}

/// Webhooks out.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
pub struct Webhooks {
    /// Requests made, retries included.
    pub sent: u64,
    /// Those that were taken: answered with 2xx or 3xx.
    pub delivered: u64,
    /// Those that were made again.
    pub retried: u64,
    /// Those that were not taken: another status, no answer in time, nobody there.
    pub refused: u64,
    /// Webhooks that no more tries are made for.
    pub given_up: u64,
    /// Webhooks that were not sent on because their subscription ended.
    pub cancelled: u64,
    /// Webhooks that were never sent, on purpose.
    pub dropped: u64,
    /// Webhooks that somebody else sent, on purpose.
    pub forged: u64,
}

impl Stats {
    /// How often a path was asked, whatever the answer.
    pub fn requests_to(&self, path: &str) -> u64 {
        self.requests.get(path).map_or(0, |statuses| statuses.values().sum())
    }

    /// How often refreshing gave tokens.
    pub fn refreshes(&self) -> u64 {
        self.token.by_grant.get("refresh_token").map_or(0, |outcomes| outcomes.ok)
    }

    pub(crate) fn asked(&mut self, path: &str, status: &str) {
        *self.requests.entry(path.to_owned()).or_default().entry(status.to_owned()).or_default() += 1;
    }

    pub(crate) fn token_call(&mut self, grant: &str, ok: bool) {
        let outcomes = self.token.by_grant.entry(grant.to_owned()).or_default();
        self.token.calls += 1;
        let (total, one) =
            if ok { (&mut self.token.ok, &mut outcomes.ok) } else { (&mut self.token.refused, &mut outcomes.refused) };
        *total += 1;
        *one += 1;
    }
}

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
    /// How many were sent.
    pub sent: u64,
    /// How many were answered well.
    pub answered: u64,
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

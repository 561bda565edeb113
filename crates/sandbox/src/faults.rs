//! Trouble on demand: what goes wrong, how often and where.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::stats::Stats;

/// How an answer goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 429, with the provider's headers.
    RateLimit,
    /// 500.
    Error,
    /// The answer comes late by the sandbox's clock.
    Slow,
    /// The request is carried out, but the connection ends before the answer is told.
    Drop,
    /// The answer's body ends in the middle.
    Malformed,
    /// Every access token has expired.
    ExpireTokens,
    /// The person takes the consent back.
    RevokeConsent,
    /// A webhook is sent twice.
    DuplicateWebhook,
    /// The webhooks of one sync are sent in another order.
    ShuffleWebhooks,
    /// A webhook is never sent.
    DropWebhook,
    /// Somebody who does not know the secret sends the same beside it, once.
    ForgeWebhook,
    /// Somebody who listened sends it beside it, once, as it would have been signed long before.
    StaleWebhook,
    /// A webhook comes later than usual.
    DelayWebhook,
}

impl FaultKind {
    /// Whether it befalls what is sent, and not what is answered.
    pub fn is_of_webhooks(self) -> bool {
        use FaultKind::{DelayWebhook, DropWebhook, DuplicateWebhook, ForgeWebhook, ShuffleWebhooks, StaleWebhook};
        matches!(self, DuplicateWebhook | ShuffleWebhooks | DropWebhook | ForgeWebhook | StaleWebhook | DelayWebhook)
    }

    fn usual_seconds(self) -> u64 {
        match self {
            Self::StaleWebhook => 2 * 24 * 3600,
            Self::DelayWebhook => 10 * 60,
            _ => 30,
        }
    }
}

/// Something to go wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// How many answers are hit.
    #[serde(default = "once")]
    pub times: u32,
    /// Which answers: a path and everything below it, as the provider's clients write it; empty for all. Which
    /// webhooks: `/` and a data type.
    #[serde(default)]
    pub path: String,
    /// How long a slow answer or a delayed webhook waits, how old a stale one is, or what `Retry-After` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// One fault of a kind, on every path.
    pub fn of(kind: FaultKind) -> Self {
        Self { kind, times: once(), path: String::new(), seconds: None }
    }

    /// The same, on a path and everything below it.
    pub fn on(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// The same, so many times.
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// The same, with a number of seconds to wait.
    pub fn seconds(self, seconds: u64) -> Self {
        Self { seconds: Some(seconds), ..self }
    }

    /// The number of seconds, or what is usual for the kind.
    pub(crate) fn wait(&self) -> u64 {
        self.seconds.unwrap_or(self.kind.usual_seconds())
    }

    fn hits(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.path.trim_end_matches('/'));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// What can be turned while the sandbox runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) page_size: usize,
    /// How long a used refresh token still answers; with most providers not at all.
    pub(crate) refresh_grace: Duration,
    /// Requests an application may make in five minutes.
    pub(crate) rate_limit: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { page_size: 1000, refresh_grace: Duration::ZERO, rate_limit: 5000 }
    }
}

/// A provider's troubles, settings and counts. Clones share them.
#[derive(Clone, Default)]
pub struct Faults(Arc<Board>);

#[derive(Default)]
struct Board {
    waiting: Mutex<VecDeque<Fault>>,
    settings: Mutex<Settings>,
    stats: Mutex<Stats>,
    /// Told by `expire_tokens` and `revoke_consent`, heard by the provider's token book.
    decrees: Mutex<Vec<FaultKind>>,
}

impl Faults {
    /// Lets something go wrong.
    pub fn inject(&self, fault: Fault) {
        match fault.kind {
            FaultKind::ExpireTokens | FaultKind::RevokeConsent => lock(&self.0.decrees).push(fault.kind),
            _ if fault.times > 0 => lock(&self.0.waiting).push_back(fault),
            _ => {}
        }
    }

    /// Forgets what has not gone wrong yet.
    pub fn clear(&self) {
        lock(&self.0.waiting).clear();
    }

    /// What has not gone wrong yet.
    pub fn waiting(&self) -> Vec<Fault> {
        lock(&self.0.waiting).iter().cloned().collect()
    }

    /// Expires every access token given so far.
    pub fn expire_tokens(&self) {
        self.inject(Fault::of(FaultKind::ExpireTokens));
    }

    /// Takes back the person's consent: refreshing and reading end.
    pub fn revoke_consent(&self) {
        self.inject(Fault::of(FaultKind::RevokeConsent));
    }

    /// Sets how many documents or rows a page holds.
    pub fn set_page_size(&self, rows: usize) {
        lock(&self.0.settings).page_size = rows.max(1);
    }

    /// Sets how long a used refresh token still answers.
    pub fn set_refresh_grace(&self, grace: Duration) {
        lock(&self.0.settings).refresh_grace = grace;
    }

    /// Sets how many requests are allowed in five minutes.
    pub fn set_rate_limit(&self, requests: u32) {
        lock(&self.0.settings).rate_limit = requests;
    }

    /// What has been asked and answered so far.
    pub fn stats(&self) -> Stats {
        lock(&self.0.stats).clone()
    }

    pub(crate) fn settings(&self) -> Settings {
        lock(&self.0.settings).clone()
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Stats)) {
        count(&mut lock(&self.0.stats));
    }

    pub(crate) fn take_decrees(&self) -> Vec<FaultKind> {
        std::mem::take(&mut lock(&self.0.decrees))
    }

    /// The first fault that waits for the answer of a path, once less.
    pub(crate) fn strike(&self, path: &str) -> Option<Fault> {
        self.take(|fault| !fault.kind.is_of_webhooks() && fault.hits(path))
    }

    /// The first fault of a kind that waits for a webhook of a data type, once less.
    pub(crate) fn strike_webhook(&self, kind: FaultKind, data_type: &str) -> Option<Fault> {
        self.take(|fault| fault.kind == kind && fault.hits(&format!("/{data_type}")))
    }

    fn take(&self, is_it: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut waiting = lock(&self.0.waiting);
        let place = waiting.iter().position(is_it)?;
        waiting[place].times -= 1;
        if waiting[place].times == 0 { waiting.remove(place) } else { Some(waiting[place].clone()) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_where_and_as_often_as_told() {
        let faults = Faults::default();
        faults.inject(Fault::of(FaultKind::Error).on("/v2/usercollection/sleep").times(2));
        assert_eq!(faults.strike("/v2/usercollection/sleep_time"), None);
        assert_eq!(faults.strike("/oauth/token"), None);
        assert!(faults.strike("/v2/usercollection/sleep").is_some());
        assert!(faults.strike("/v2/usercollection/sleep/an-id").is_some());
        assert_eq!(faults.strike("/v2/usercollection/sleep"), None);
    }

    #[test]
    fn webhooks_have_faults_of_their_own() {
        let faults = Faults::default();
        faults.inject(Fault::of(FaultKind::DropWebhook).on("/sleep"));
        assert_eq!(faults.strike("/sleep"), None);
        assert_eq!(faults.strike_webhook(FaultKind::DropWebhook, "sleep_time"), None);
        assert_eq!(faults.strike_webhook(FaultKind::ForgeWebhook, "sleep"), None);
        assert!(faults.strike_webhook(FaultKind::DropWebhook, "sleep").is_some());
        assert_eq!(faults.strike_webhook(FaultKind::DropWebhook, "sleep"), None);
    }

    #[test]
    fn an_empty_path_hits_everything_until_cleared() {
        let faults = Faults::default();
        faults.inject(Fault::of(FaultKind::Drop).times(9));
        assert!(faults.strike("/oauth/token").is_some());
        faults.clear();
        assert_eq!(faults.strike("/oauth/token"), None);
    }
}

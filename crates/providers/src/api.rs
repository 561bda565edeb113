//! A provider's API, authorised for one connection: budgeted, and retried where that is harmless.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use model::{Clock, Secret};
use outbound::{Answer, Budget, Client, Limit, Request};
use tracing::{Instrument, field::Empty, info_span};
use url::Url;

use crate::{Application, Error, Provider, measure};

/// Short troubles are waited out here; longer ones end the job, which comes back when they are over.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(5);
const TRIES: u32 = 3;
/// Whatever a provider says, we look again after a day.
const LONGEST_PAUSE_SECONDS: i64 = 24 * 3600;

/// A provider's API, authorised for one connection or for the application itself.
#[derive(Clone)]
pub struct Api {
    pub provider: Arc<dyn Provider>,
    pub application: Arc<Application>,
    pub http: Client,
    pub budget: Arc<dyn Budget>,
    pub clock: Clock,
    /// Absent where the application speaks for itself, not for a person.
    pub access: Option<Secret>,
}

impl Api {
    /// Gets a path below the API's address.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Bytes, Error> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send(|| {
            let mut request = Request::get(url.clone());
            request.bearer.clone_from(&self.access);
            request
        })
        .await
        .map(|answer| answer.body)
    }

    /// Sends a request that may be sent again, and reads an answer of success.
    pub async fn send(&self, request: impl Fn() -> Request) -> Result<Answer, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.send_once(request()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(wait) = self.pause_before(&error, tries) else { return Err(error) };
            self.clock.sleep(wait).await;
        }
    }

    /// Sends a request once: one that takes its time, or whose second time would be answered differently.
    pub(crate) async fn send_once(&self, request: Request) -> Result<Answer, Error> {
        let manifest = self.provider.manifest();
        let limit = Limit { requests: manifest.limits.requests, per_seconds: manifest.limits.per_seconds };
        self.budget.take(&manifest.id, limit).await.map_err(Error::RateLimited)?;
        let host = request.url.host_str().unwrap_or_default();
        let span = info_span!("call", provider = manifest.id, host, method = %request.method, outcome = Empty);
        let begun = Instant::now();
        let came = self.ask(request).instrument(span.clone()).await;
        measure::call(&manifest.id, &came, begun.elapsed());
        span.record("outcome", measure::outcome(&came));
        came
    }

    async fn ask(&self, request: Request) -> Result<Answer, Error> {
        let answer = self.http.send(request).await?;
        if answer.is_success() {
            return Ok(answer);
        }
        if answer.status == 429 {
            let until = retry_at(&answer, self.clock.now());
            self.budget.pause(&self.provider.manifest().id, until).await;
            return Err(Error::RateLimited(until));
        }
        Err(self.provider.refusal(answer.status, &answer.body))
    }

    fn pause_before(&self, error: &Error, tries: u32) -> Option<Duration> {
        if tries >= TRIES {
            return None;
        }
        match error {
            Error::RateLimited(until) => {
                let wait = until.duration_since(self.clock.now());
                (wait <= LONGEST_WAIT).then(|| wait.try_into().unwrap_or_default())
            }
            Error::Unavailable(_) => Some(Duration::from_millis(200) * 4_u32.pow(tries - 1)),
            _ => None,
        }
    }

    /// The address of a path below the API's.
    pub(crate) fn url(&self, path: &str) -> Result<Url, Error> {
        let base = self.application.api_url.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).map_err(|error| Error::Malformed(error.to_string()))
    }
}

/// When the provider says, or after a minute where it does not.
fn retry_at(answer: &Answer, now: Timestamp) -> Timestamp {
    let after = |seconds| now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    answer.retry_at(now).unwrap_or(after(60)).clamp(after(1), after(LONGEST_PAUSE_SECONDS))
}

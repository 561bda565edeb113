//! Reaches the applications' own addresses, as a provider does from its machines.

use std::time::Duration;

use bytes::Bytes;
use model::Clock;
use reqwest::{Client, Url, redirect::Policy};

use crate::Error;

/// What is under way when time is up by a clock that was turned may still come to its end.
const GRACE: Duration = Duration::from_millis(500);
/// More of an answer than this is not read.
const MOST_BYTES: usize = 64 * 1024;

/// Why there was no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoAnswer {
    /// Nobody was there, or the answer broke off.
    Unreachable,
    /// None in time.
    TooLate,
}

/// Sends requests to whoever has registered an address.
#[derive(Clone)]
pub(crate) struct Reach {
    client: Client,
    clock: Clock,
}

impl Reach {
    /// Counts time by a clock.
    pub(crate) fn new(clock: Clock) -> Result<Self, Error> {
        let client = Client::builder().redirect(Policy::none()).no_proxy().user_agent("sandbox").build();
        Ok(Self { client: client.map_err(|error| Error::Sender(error.to_string()))?, clock })
    }

    /// Asks an address; gives the status and what was answered.
    pub(crate) async fn get(&self, url: Url, within: Duration) -> Result<(u16, Bytes), NoAnswer> {
        let asked = async {
            let mut answer = self.client.get(url).send().await?;
            let (status, mut body) = (answer.status().as_u16(), Vec::new());
            while let Some(chunk) = answer.chunk().await? {
                body.extend_from_slice(&chunk);
                if body.len() > MOST_BYTES {
                    break;
                }
            }
            Ok((status, Bytes::from(body)))
        };
        self.in_time(asked, within).await
    }

    /// Posts JSON to an address; gives the status.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
        within: Duration,
    ) -> Result<u16, NoAnswer> {
        let mut request = self.client.post(url).header("content-type", "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.in_time(async { Ok(request.send().await?.status().as_u16()) }, within).await
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, reqwest::Error>>,
        within: Duration,
    ) -> Result<T, NoAnswer> {
        let late = async {
            self.clock.sleep(within).await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            done = work => done.map_err(|_| NoAnswer::Unreachable),
            () = late => Err(NoAnswer::TooLate),
        }
    }
}

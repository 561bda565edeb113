//! The server's API as an app calls it.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, bail, ensure};
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect::Policy};
use serde_json::{Value, json};

use crate::stand_in::StandIn;

/// Half a minute's worth of looking.
const LOOKS: usize = 600;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// A client that goes where it is told and nowhere else.
pub(crate) fn http() -> anyhow::Result<Client> {
    Ok(Client::builder().redirect(Policy::none()).build()?)
}

/// Looks again and again until there is something to see.
pub(crate) async fn eventually<T, F: Future<Output = anyhow::Result<Option<T>>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> anyhow::Result<T> {
    for _ in 0..LOOKS {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    bail!("never seen: {what}")
}

/// The API, called with a token.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Api {
    /// The API behind an address.
    pub(crate) fn new(url: &str, token: &str) -> anyhow::Result<Self> {
        Ok(Self { http: http()?, url: url.to_owned(), token: token.to_owned() })
    }

    /// A request that is not sent yet. Of an address under the server's public name only the path counts.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path =
            path.split_once("://").and_then(|(_, rest)| rest.find('/').map(|slash| &rest[slash..])).unwrap_or(path);
        self.http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .header("accept", "application/json")
    }

    /// Reads something that is there.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        read(self.request(Method::GET, path)).await
    }

    /// Asks for something that is done.
    pub(crate) async fn post(&self, path: &str) -> anyhow::Result<Value> {
        read(self.request(Method::POST, path)).await
    }

    /// Waits until the server answers at all.
    pub(crate) async fn is_there(&self) -> anyhow::Result<()> {
        let look = async || Ok(self.request(Method::GET, "/health").send().await.ok());
        eventually("a server", look).await.map(drop)
    }

    /// Connects as a person does who allows everything; gives the address that brought them back.
    pub(crate) async fn connect(&self, stand_in: &StandIn) -> anyhow::Result<String> {
        self.connect_to(stand_in, &json!({})).await
    }

    /// The same, consenting to no more than is wanted.
    pub(crate) async fn connect_to(&self, stand_in: &StandIn, wanted: &Value) -> anyhow::Result<String> {
        let request = self.request(Method::POST, "/api/v1/integrations/oura/auth").json(wanted);
        let begun = read(request).await?;
        let way_back = stand_in.allow(begun["redirect_url"].as_str().context("redirect_url")?).await?;
        let finished = self.get(&way_back).await?;
        ensure!(finished["status"] == "active", "{finished}");
        Ok(way_back)
    }

    /// How the connection fares.
    pub(crate) async fn status(&self) -> anyhow::Result<Value> {
        self.get("/api/v1/integrations/oura/status").await
    }

    /// Waits for the first sync to be done, and says how the connection fares then.
    pub(crate) async fn backfilled(&self) -> anyhow::Result<Value> {
        let look = async || {
            let status = self.status().await?;
            let first = status["syncs"].as_array().and_then(|syncs| syncs.last()).cloned().unwrap_or_default();
            ensure!(first["state"] != "failed", "the backfill failed: {first}");
            Ok((first["cause"] == "connected" && first["finished"] == true).then_some(status))
        };
        eventually("the end of the backfill", look).await
    }

    /// Syncs a day of everything and waits for it.
    pub(crate) async fn sync(&self) -> anyhow::Result<Value> {
        self.post("/api/v1/integrations/oura/sync?days=1&wait=true").await
    }

    /// All records, by kind, day and the provider's identity; fails when one comes twice.
    pub(crate) async fn records(&self) -> anyhow::Result<BTreeMap<String, Value>> {
        let mut records = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/api/v1/records?limit=500{cursor}")).await?;
            for record in page["records"].as_array().context("records")? {
                let name = format!("{} {} {}", record["kind"], record["day"], record["provider_id"]);
                let twin = records.insert(name, record["body"].clone());
                ensure!(twin.is_none(), "{record} came twice");
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(records),
            }
        }
    }

    /// The whole log, in order; fails when a position is missing.
    pub(crate) async fn events(&self) -> anyhow::Result<Vec<Value>> {
        let mut events = Vec::new();
        loop {
            let seen = events.len();
            let page = self.get(&format!("/api/v1/events?limit=1000&after={seen}")).await?;
            for event in page["events"].as_array().context("events")? {
                ensure!(event["position"] == json!(events.len() + 1), "after {} comes {event}", events.len());
                events.push(event.clone());
            }
            if page["head"] == json!(events.len()) {
                return Ok(events);
            }
        }
    }

    /// The records that the log says were added, in order.
    pub(crate) async fn added(&self) -> anyhow::Result<Vec<String>> {
        let added = self.events().await?.into_iter().filter(|event| event["type"] == "added");
        Ok(added.map(|event| event["record_id"].to_string()).collect())
    }

    /// What an agent is told.
    pub(crate) async fn context(&self) -> anyhow::Result<String> {
        let request = self.request(Method::GET, "/api/v1/context").header("accept", "text/markdown");
        Ok(request.send().await?.error_for_status()?.text().await?)
    }
}

/// Sends a request, and reads the answer when it is good.
pub(crate) async fn read(request: RequestBuilder) -> anyhow::Result<Value> {
    let answer = request.send().await?;
    let (status, url, text) = (answer.status(), answer.url().path().to_owned(), answer.text().await?);
    ensure!(status.is_success() || status == StatusCode::FOUND, "{url} answers {status}: {text}");
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

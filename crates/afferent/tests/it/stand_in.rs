//! The sandbox as tests speak to it: the person at its consent page, and its control routes.

use anyhow::Context;
use reqwest::{Client, Method, Url, header};
use serde_json::{Value, json};

use crate::api::{eventually, http, read};

/// A sandbox that runs.
#[derive(Clone)]
pub(crate) struct StandIn {
    http: Client,
    url: String,
}

impl StandIn {
    /// The sandbox behind an address.
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self { http: http()?, url: url.to_owned() })
    }

    /// Allows what an application asks for; gives the address to which the person is sent back.
    pub(crate) async fn allow(&self, authorize: &str) -> anyhow::Result<String> {
        let mut page = Url::parse(authorize)?;
        let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        form.push(("decision".into(), "allow".into()));
        page.set_query(None);
        let answer = self.http.post(page).form(&form).send().await?;
        let location = answer.headers().get(header::LOCATION).context("nobody is sent back")?;
        Ok(location.to_str()?.to_owned())
    }

    /// What was asked so far.
    pub(crate) async fn stats(&self) -> anyhow::Result<Value> {
        let stats = read(self.http.get(format!("{}/_control/stats", self.url))).await?;
        Ok(stats["oura"].clone())
    }

    /// How many requests for data were answered or dropped so far, whatever the path.
    pub(crate) async fn requests(&self) -> anyhow::Result<u64> {
        let stats = self.stats().await?;
        let paths = stats["requests"].as_object().context("requests")?;
        let data = paths.iter().filter(|(path, _)| path.starts_with("/v2/"));
        let statuses = data.filter_map(|(_, statuses)| statuses.as_object());
        Ok(statuses.flat_map(|statuses| statuses.values()).filter_map(Value::as_u64).sum())
    }

    /// How often refreshing gave tokens, and how often it was refused.
    pub(crate) async fn refreshes(&self) -> anyhow::Result<(u64, u64)> {
        let calls = &self.stats().await?["token"]["by_grant"]["refresh_token"];
        let number = |name: &str| calls[name].as_u64().unwrap_or(0);
        Ok((number("ok"), number("refused")))
    }

    /// Makes trouble.
    pub(crate) async fn trouble(&self, mut order: Value) -> anyhow::Result<()> {
        order["provider"] = json!("oura");
        self.control("faults", &order).await.map(drop)
    }

    /// Waits until all trouble has found somebody.
    pub(crate) async fn has_struck(&self) -> anyhow::Result<()> {
        let look = async || {
            let faults = self.control("faults", &json!({ "provider": "oura" })).await?;
            Ok((faults["waiting"] == json!([])).then_some(()))
        };
        eventually("somebody in trouble", look).await
    }

    /// Waits until somebody has subscribed to webhooks.
    pub(crate) async fn subscribed(&self) -> anyhow::Result<()> {
        let list = || self.http.get(format!("{}/oura/v2/webhook/subscription", self.url));
        let asked = || list().header("x-client-id", "sandbox-client").header("x-client-secret", "sandbox-secret");
        let look = async || Ok(read(asked()).await?.as_array().filter(|all| !all.is_empty()).map(|_| ()));
        eventually("a subscription", look).await
    }

    /// The first person deletes a document, and webhooks tell of it at once.
    pub(crate) async fn delete(&self, collection: &str, id: &str) -> anyhow::Result<()> {
        let people = read(self.http.get(format!("{}/_control/people", self.url))).await?;
        let account = people["people"][0]["account_id"].as_str().context("a person")?;
        let url = format!("{}/_control/people/{account}/documents/{collection}/{id}", self.url);
        read(self.http.request(Method::DELETE, url).json(&json!({ "delay_seconds": 0 }))).await.map(drop)
    }

    /// Turns its clock.
    pub(crate) async fn turn(&self, seconds: u64) -> anyhow::Result<()> {
        self.control("clock", &json!({ "advance_seconds": seconds })).await.map(drop)
    }

    /// What its clock says.
    pub(crate) async fn now(&self) -> anyhow::Result<String> {
        let clock = read(self.http.get(format!("{}/_control/clock", self.url))).await?;
        Ok(clock["now"].as_str().context("now")?.to_owned())
    }

    /// The account behind the demo.
    pub(crate) async fn account(&self) -> anyhow::Result<String> {
        let people = read(self.http.get(format!("{}/_control/people", self.url))).await?;
        Ok(people["people"][0]["account_id"].as_str().context("somebody")?.to_owned())
    }

    /// When that person's ring last reached the cloud.
    pub(crate) async fn last_sync(&self) -> anyhow::Result<Value> {
        let people = read(self.http.get(format!("{}/_control/people", self.url))).await?;
        Ok(people["people"][0]["last_sync_at"].clone())
    }

    /// Lets a ring reach the cloud, of which is told at once.
    pub(crate) async fn sync(&self, account: &str) -> anyhow::Result<Value> {
        self.control(&format!("people/{account}/sync"), &json!({ "delay_seconds": 0 })).await
    }

    /// Takes a document of a person away, of which is told at once.
    pub(crate) async fn take_away(&self, account: &str, collection: &str, id: &str) -> anyhow::Result<()> {
        let path = format!("{}/_control/people/{account}/documents/{collection}/{id}", self.url);
        read(self.http.delete(path).json(&json!({ "delay_seconds": 0 }))).await.map(drop)
    }

    /// The latest webhooks, with what became of each.
    pub(crate) async fn webhooks(&self, limit: usize) -> anyhow::Result<Vec<Value>> {
        let told = read(self.http.get(format!("{}/_control/deliveries?limit={limit}", self.url))).await?;
        Ok(told["deliveries"].as_array().cloned().unwrap_or_default())
    }

    async fn control(&self, what: &str, order: &Value) -> anyhow::Result<Value> {
        read(self.http.request(Method::POST, format!("{}/_control/{what}", self.url)).json(order)).await
    }
}

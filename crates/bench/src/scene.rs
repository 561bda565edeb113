//! A server with somebody to serve, and the sandbox that the person connects.

use std::{
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use jiff::SignedDuration;
use model::Clock;
use serde_json::{Value, json};
use testkit::{Engine, TestDb};

use crate::{
    program::{self, Program},
    wire::Wire,
};

/// Where people would reach the server: the way back from the provider is registered there.
const PUBLIC_URL: &str = "https://afferent.example";
const EMAIL: &str = "ada@afferent.example";
const PASSWORD: &str = "correct horse battery staple\n";
pub(crate) const CLIENT_SECRET: &str = "sandbox-secret";
const PATIENCE: Duration = Duration::from_secs(600);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// So far behind is the sandbox's clock, that it can be turned without reaching days that nobody asks for yet.
const BEHIND: SignedDuration = SignedDuration::from_hours(48);

/// Everything around a server.
pub(crate) struct Scene {
    pub(crate) database: TestDb,
    pub(crate) folder: PathBuf,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) sandbox: Program,
    pub(crate) token: String,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// A sandbox whose people have worn their rings for so many days, an empty database, and somebody.
    pub(crate) async fn new(engine: Engine, days: u32) -> anyhow::Result<Self> {
        let kept = tempfile::tempdir()?;
        let folder = kept.path().to_owned();
        let back = format!("{PUBLIC_URL}/api/v1/integrations/oura/callback");
        let now = (Clock::system().now() - BEHIND).to_string();
        let arguments = ["--redirect-uri", &back, "--now", &now, "--days", &days.to_string()];
        let sandbox = Program::sandbox(&folder, &arguments)?;
        let database = TestDb::new(engine).await?;
        let settings = settings(&database.url, sandbox.address);
        Ok(Self { database, folder, settings, sandbox, token: String::new(), _folder: kept })
    }

    /// Adds somebody with a token that may do all that a person may.
    pub(crate) fn add_somebody(&mut self) -> anyhow::Result<()> {
        program::run(&self.folder, &["user", "add", EMAIL], &self.settings, PASSWORD)?;
        self.token = program::run(&self.folder, &["token", "new", EMAIL, "--name", "bench"], &self.settings, "")?;
        Ok(())
    }

    pub(crate) async fn serve(&self) -> anyhow::Result<Program> {
        Program::serve(&self.folder, &self.settings).await
    }

    /// Calls the server as the person's own program does.
    pub(crate) async fn call(&self, server: &Program, method: &str, path: &str) -> anyhow::Result<Value> {
        Wire::open(server.address).await?.call(method, path, &self.token, "").await
    }

    /// Tells the sandbox what to do.
    pub(crate) async fn control(&self, what: &str, order: &Value) -> anyhow::Result<Value> {
        let path = format!("/_control/{what}");
        Wire::open(self.sandbox.address).await?.call("POST", &path, "", &order.to_string()).await
    }

    /// The person connects and allows everything; waits for all of it to come, and says how long that took.
    pub(crate) async fn connect(&self, server: &Program) -> anyhow::Result<Duration> {
        let begun = self.call(server, "POST", "/api/v1/integrations/oura/auth").await?;
        let consent = begun["redirect_url"].as_str().context("redirect_url")?;
        let (page, query) = consent.split_once('?').context("a query")?;
        let path = &page[page.find("/oura").context("the sandbox's path")?..];
        let mut sandbox = Wire::open(self.sandbox.address).await?;
        sandbox.call("POST", path, "", &format!("{query}&decision=allow")).await?;
        let back = sandbox.header("location").context("nobody is sent back")?;
        let back = back.strip_prefix(PUBLIC_URL).with_context(|| format!("sent to {back}"))?;
        let connected = Instant::now();
        self.call(server, "GET", back).await?;
        self.backfilled(server).await?;
        Ok(connected.elapsed())
    }

    /// The person asks for so many days; waits for all of it to come, and says how long that took.
    pub(crate) async fn sync(&self, server: &Program, days: u32) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let path = format!("/api/v1/integrations/oura/sync?days={days}&wait=true");
        let came = self.call(server, "POST", &path).await?;
        ensure!(came["success"] == true, "the sync failed: {came}");
        Ok(begun.elapsed())
    }

    async fn backfilled(&self, server: &Program) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let status = self.call(server, "GET", "/api/v1/integrations/oura/status").await?;
            let first = status["syncs"].as_array().and_then(|syncs| syncs.last()).cloned().unwrap_or_default();
            if first["state"] == "failed" {
                bail!("the backfill failed: {first}");
            }
            if first["finished"] == true {
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        bail!("the backfill does not end")
    }

    /// The position of the person's newest event.
    pub(crate) async fn head(&self, server: &Program) -> anyhow::Result<i64> {
        let events = self.call(server, "GET", "/api/v1/events?limit=1").await?;
        events["head"].as_i64().context("head")
    }

    /// Half an hour of the person's life, which the ring tells at once.
    pub(crate) async fn live_on(&self) -> anyhow::Result<()> {
        self.control("clock", &json!({ "advance_seconds": 1800 })).await?;
        let path = format!("people/{}/sync", self.account().await?);
        self.control(&path, &json!({ "delay_seconds": 0 })).await.map(drop)
    }

    /// The account that the person has connected.
    pub(crate) async fn account(&self) -> anyhow::Result<String> {
        let people = Wire::open(self.sandbox.address).await?.call("GET", "/_control/people", "", "").await?;
        Ok(people["people"][0]["account_id"].as_str().with_context(|| format!("an account in {people}"))?.to_owned())
    }
}

fn settings(database: &str, sandbox: SocketAddr) -> Vec<(String, String)> {
    let key = TestDb::key();
    let sandbox = format!("http://{sandbox}/oura");
    let settings = [
        ("DATABASE_URL", database),
        ("INTEGRATION_ENCRYPTION_KEY", key.expose()),
        ("PUBLIC_URL", PUBLIC_URL),
        ("RATE_LIMIT_PER_MINUTE", "6000"),
        // All readers share a token.
        ("STREAMS_PER_READER", "100000"),
        // Everybody comes from this machine.
        ("CONNECTIONS_PER_ADDRESS", "0"),
        // Watching is no part of the work, but whoever runs it for real does not turn it off either.
        ("LOG", "info,sqlx=warn,tower_http=warn"),
        ("OURA_CLIENT_ID", "sandbox-client"),
        ("OURA_CLIENT_SECRET", CLIENT_SECRET),
        ("OURA_AUTHORIZE_URL", &format!("{sandbox}/oauth/authorize")),
        ("OURA_TOKEN_URL", &format!("{sandbox}/oauth/token")),
        ("OURA_REVOKE_URL", &format!("{sandbox}/oauth/revoke")),
        ("OURA_API_URL", &sandbox),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

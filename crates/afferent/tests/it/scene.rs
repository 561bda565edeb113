//! A server as an operator runs it: a sandbox in a process of its own, a database, settings, and somebody to serve.

use std::{net::TcpListener, process::Output, sync::Arc};

use anyhow::{Context, ensure};
use model::{Clock, Random};
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;
use testkit::{Engine, TestDb};

use crate::{
    api::{Api, eventually},
    program::{self, Program},
    stand_in::StandIn,
};

/// Where people would reach the server: the way back from the provider is registered there.
const PUBLIC_URL: &str = "https://afferent.example";
pub(crate) const EMAIL: &str = "ada@afferent.example";
const PASSWORD: &str = "correct horse battery staple\n";

/// How many connections servers have to the database; what a killed one began may go on until it has none.
const CONNECTED: &str = "select count(*) from pg_stat_activity \
                         where datname = current_database() and application_name = 'server'";
const SUBSCRIBED: &str = "select count(*) from subscriptions where state = 'active'";

/// Everything around a server.
pub(crate) struct Scene {
    pub(crate) folder: TempDir,
    pub(crate) database: TestDb,
    pub(crate) stand_in: StandIn,
    pub(crate) sandbox_url: String,
    sandbox: Arc<Program>,
    settings: Vec<(String, String)>,
    /// Where servers listen, one after another; without it, each somewhere else.
    home: Option<String>,
}

/// A server that runs.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) api: Api,
}

impl Scene {
    /// A sandbox and an empty database.
    pub(crate) async fn new(engine: Engine) -> anyhow::Result<Self> {
        Self::living(engine, &[]).await
    }

    /// The same, with flags for the sandbox.
    pub(crate) async fn living(engine: Engine, flags: &[&str]) -> anyhow::Result<Self> {
        Self::on(TestDb::new(engine).await?, flags).await
    }

    /// The same, on a database that is there already.
    pub(crate) async fn on(database: TestDb, flags: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let back = format!("{PUBLIC_URL}/api/v1/integrations/oura/callback");
        let sandbox = ["sandbox", "--port", "0", "--redirect-uri", &back];
        let sandbox = sandbox.into_iter().chain(flags.iter().copied());
        let mut sandbox = Program::start(program::command(folder.path(), sandbox, []))?;
        let said = sandbox.line().await?;
        let sandbox_url = said.split_whitespace().last().context("where the sandbox is")?.to_owned();
        Self::set_up(folder, database, sandbox_url, Arc::new(sandbox))
    }

    /// Another database on an engine, with the same sandbox.
    pub(crate) async fn beside(&self, engine: Engine) -> anyhow::Result<Self> {
        let database = TestDb::new(engine).await?;
        Self::set_up(tempfile::tempdir()?, database, self.sandbox_url.clone(), self.sandbox.clone())
    }

    fn set_up(folder: TempDir, database: TestDb, sandbox_url: String, sandbox: Arc<Program>) -> anyhow::Result<Self> {
        let settings = settings(&database, &sandbox_url);
        Ok(Self { stand_in: StandIn::new(&sandbox_url)?, sandbox, folder, database, sandbox_url, settings, home: None })
    }

    /// From now on servers listen at one address, one after another, and the sandbox reaches them there.
    pub(crate) fn settle(&mut self) -> anyhow::Result<String> {
        let home = quiet_address()?;
        let url = format!("http://{home}");
        self.set("PUBLIC_URL", &url);
        self.set("OURA_REDIRECT_URI", &format!("{PUBLIC_URL}/api/v1/integrations/oura/callback"));
        self.home = Some(home);
        Ok(url)
    }

    /// Sets a setting, or sets it otherwise.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Takes a setting away.
    pub(crate) fn unset(&mut self, name: &str) {
        self.settings.retain(|(known, _)| known != name);
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str], input: &'static str) -> anyhow::Result<Output> {
        program::run(self.command(arguments), input).await
    }

    /// Runs a command that must go well, and gives what it said.
    pub(crate) async fn say(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let ended = self.run(arguments, "").await?;
        let complaints = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "{arguments:?} ended with {}: {complaints}", ended.status);
        Ok(String::from_utf8(ended.stdout)?.trim_end().to_owned())
    }

    /// Runs a command that must not go well, and gives its complaint.
    pub(crate) async fn complain(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let ended = self.run(arguments, "").await?;
        ensure!(!ended.status.success(), "{arguments:?} went well");
        Ok(String::from_utf8(ended.stderr)?)
    }

    /// Somebody with an account and a token that may do all that a person may.
    pub(crate) async fn somebody(&self) -> anyhow::Result<String> {
        let added = self.run(&["user", "add", EMAIL], PASSWORD).await?;
        ensure!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        self.say(&["token", "new", EMAIL, "--name", "story"]).await
    }

    /// Starts a server on a port of its own, and waits until it answers whoever holds the token.
    pub(crate) async fn serve(&self, token: &str) -> anyhow::Result<Server> {
        match &self.home {
            Some(home) => self.serve_at(home, token).await,
            None => self.serve_at(&format!("127.0.0.1:{}", free_port()?), token).await,
        }
    }

    /// The same, where the provider's webhooks reach it.
    pub(crate) async fn serve_in_reach(&mut self, token: &str) -> anyhow::Result<Server> {
        self.settle()?;
        self.serve(token).await
    }

    async fn serve_at(&self, listen: &str, token: &str) -> anyhow::Result<Server> {
        let mut command = self.command(&["serve"]);
        command.env("LISTEN", listen);
        let program = Program::start(program::unshaken(&command))?;
        let api = Api::new(&format!("http://{listen}"), token)?;
        let there = api.is_there().await;
        there.with_context(|| program.complaints())?;
        Ok(Server { program, api })
    }

    /// Kills a server this very moment, and waits until the database knows that it is gone.
    pub(crate) async fn kill(&self, server: Server) -> anyhow::Result<()> {
        server.program.kill().await?;
        if self.database.db.is_embedded() {
            return Ok(());
        }
        let here = async || Ok((testkit::count(&self.database, CONNECTED).await? == 0).then_some(()));
        eventually("the end of its connections", here).await
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let settings = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        program::command(self.folder.path(), arguments.iter().copied(), settings)
    }

    /// Lets time pass: the access token is due for a refresh and ends in so many seconds (or has ended), and whoever
    /// was killed at work is given up.
    pub(crate) async fn age(&self, seconds: i64) -> anyhow::Result<()> {
        let now = Clock::system().now().as_millisecond();
        let end = now + seconds * 1000;
        let aged = format!("update credentials set refresh_at = {now} - 1, expires_at = {end}, lease_until = 0");
        ensure!(testkit::run(&self.database, aged).await? == 1, "there is one connection");
        let due = format!("update jobs set run_at = {now} - 1 where type = 'refresh' and finished_at is null");
        testkit::run(&self.database, due).await?;
        self.give_up().await
    }

    /// Lets a minute pass for whoever was killed at work: it is given up.
    pub(crate) async fn give_up(&self) -> anyhow::Result<()> {
        let given_up = "update jobs set run_at = 0 where lease_owner is not null and finished_at is null";
        testkit::run(&self.database, given_up).await.map(drop)
    }

    /// Lets the minutes pass in which requests are counted: who is killed has taken more of them than it made.
    pub(crate) async fn count_anew(&self) -> anyhow::Result<()> {
        testkit::run(&self.database, "update budgets set taken = 0").await.map(drop)
    }

    /// Lets hours pass for whatever was put off.
    pub(crate) async fn wait_no_longer(&self) -> anyhow::Result<()> {
        for (table, unsettled) in [
            ("jobs", "finished_at is null and type = 'attend'"),
            ("notices", "state = 'waiting'"),
            ("bundles", "deliveries > 0"),
            ("deliveries", "state = 'received'"),
        ] {
            testkit::run(&self.database, format!("update {table} set run_at = 0 where {unsettled}")).await?;
        }
        Ok(())
    }

    /// Waits until the provider tells the server of everything that it can tell of.
    pub(crate) async fn is_told(&self) -> anyhow::Result<()> {
        const WANTED: i64 = 16 * 3;
        let listens = async || Ok((testkit::count(&self.database, SUBSCRIBED).await? == WANTED).then_some(()));
        eventually("all subscriptions", listens).await
    }

    /// Asks the provider for a refresh token, as an operator does by hand.
    pub(crate) async fn initial_refresh_token(&self) -> anyhow::Result<String> {
        let back = format!("{PUBLIC_URL}/api/v1/integrations/oura/callback");
        let query = format!("response_type=code&client_id=sandbox-client&redirect_uri={back}");
        let authorize = format!("{}/oura/oauth/authorize?{query}", self.sandbox_url);
        let back = reqwest::Url::parse(&self.stand_in.allow(&authorize).await?)?;
        let code = back.query_pairs().find(|(name, _)| name == "code").context("a code")?.1.into_owned();
        let redirect_uri = format!("{PUBLIC_URL}{}", back.path());
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &redirect_uri),
            ("client_id", "sandbox-client"),
            ("client_secret", "sandbox-secret"),
        ];
        let url = format!("{}/oura/oauth/token", self.sandbox_url);
        let tokens: Value = crate::api::http()?.request(Method::POST, url).form(&form).send().await?.json().await?;
        Ok(tokens["refresh_token"].as_str().context("a refresh token")?.to_owned())
    }
}

fn settings(database: &TestDb, sandbox: &str) -> Vec<(String, String)> {
    let key = TestDb::key();
    let named = if database.db.is_embedded() { "" } else { "?application_name=server" };
    let settings = [
        ("DATABASE_URL", &*format!("{}{named}", database.url)),
        ("INTEGRATION_ENCRYPTION_KEY", key.expose()),
        ("PUBLIC_URL", PUBLIC_URL),
        ("RATE_LIMIT_PER_MINUTE", "6000"),
        ("OURA_CLIENT_ID", "sandbox-client"),
        ("OURA_CLIENT_SECRET", "sandbox-secret"),
        ("OURA_AUTHORIZE_URL", &format!("{sandbox}/oura/oauth/authorize")),
        ("OURA_TOKEN_URL", &format!("{sandbox}/oura/oauth/token")),
        ("OURA_REVOKE_URL", &format!("{sandbox}/oura/oauth/revoke")),
        ("OURA_API_URL", &format!("{sandbox}/oura")),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// An address that stays free while nobody listens there: the system gives such ports to nobody who asks for any port.
fn quiet_address() -> anyhow::Result<String> {
    let candidates =
        std::iter::repeat_with(|| format!("127.0.0.1:{}", 20_000 + u32::from(Random::system().bytes::<1>()[0]) * 40));
    candidates.take(100).find(|address| TcpListener::bind(address).is_ok()).context("a port that is free")
}

/// A port on which nobody listens.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

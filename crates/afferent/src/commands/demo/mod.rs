//! Try it: a server and a sandbox of every provider, on this machine alone.

mod first_start;
mod keepsake;
mod visit;

use std::{collections::BTreeMap, net::SocketAddr, path::Path, time::Duration};

use anyhow::Context;
use engine::Rules;
use model::{Clock, Secret};
use providers::{Application, Manifest};
use sandbox::{ClientApp, Sandbox};
use serde_json::{Value, json};
use store::MasterKeys;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::keepsake::Keepsake;
use super::{sandbox as life, say};
use crate::{
    cli::Demo,
    config::redirect_uri,
    house::{House, Plan},
    server::{self, Bounds},
    telemetry::Telemetry,
};

/// The newcomer's own programs may be anywhere on this machine.
const RETURN_ORIGINS: [&str; 3] = ["http://127.0.0.1:*", "http://localhost:*", "http://[::1]:*"];
/// Seconds between the small things that happen to the person.
const EVERY: u64 = 10;
/// Whoever tries webhooks receives them here.
const THIS_MACHINE: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// Starts everything, prints how to get in, and serves until told to stop.
pub(crate) async fn run(options: Demo) -> anyhow::Result<()> {
    let _traces = Telemetry::lines("warn").begin()?;
    let stop = server::stop_on_signal();
    let server = server::listen(SocketAddr::from(([127, 0, 0, 1], options.port))).await?;
    let beside = server::listen(SocketAddr::from(([127, 0, 0, 1], options.sandbox_port))).await?;
    let (url, sandbox_url) = (address(&server)?, address(&beside)?);

    let keepsake = Keepsake::open(&options.data)?;
    let clock = life::clock(&options.life);
    let applications = applications(&keepsake, &url, &sandbox_url)?;
    let sandbox = life::open(clock.clone(), &options.life, clients(&applications))?;
    let served_sandbox =
        tokio::spawn(server::serve(beside, sandbox.router_at(sandbox_url.1), Bounds::HERE, stop.clone()));

    let house = House::build(plan(&options.data, &keepsake, clock, applications, &url.0)?).await?;
    let keepsake = first_start::prepare(&house, keepsake, &options.data).await?;
    let settings = web::Settings {
        public_url: url.0.clone(),
        cors_origins: Vec::new(),
        trust_proxy: false,
        requests_per_minute: 600,
        streams_per_reader: 100,
    };
    let running = tokio::spawn({
        let (house, stop) = (house.clone(), stop.clone());
        async move { server::run(&house, server, settings, Bounds::HERE, stop).await }
    });
    if options.connected {
        visit::connect_all(&house, &keepsake, options.life.days).await?;
    } else {
        visit::catch_up(&house, &keepsake).await?;
    }
    announce(&options, &keepsake, &url.0, &sandbox_url.0, &sandbox);
    show_life(&options, &sandbox, stop);
    running.await?;
    served_sandbox.await?;
    Ok(())
}

/// Lets small things happen while one watches. The clock runs as it does everywhere: turned fast, it would end sessions
/// and leave the browser's behind. Who chooses a moment to begin at wants to find it as it was.
fn show_life(options: &Demo, sandbox: &Sandbox, stop: CancellationToken) {
    let usual = if options.life.now.is_none() { EVERY } else { 0 };
    let every = Duration::from_secs(options.every.unwrap_or(usual));
    if !every.is_zero() {
        let sandbox = sandbox.clone();
        tokio::spawn(stop.run_until_cancelled_owned(async move { sandbox.live(every).await }));
    }
}

fn address(listener: &TcpListener) -> anyhow::Result<(Url, SocketAddr)> {
    let address = listener.local_addr()?;
    Ok((Url::parse(&format!("http://{address}"))?, address))
}

fn plan(
    data: &Path,
    keepsake: &Keepsake,
    clock: Clock,
    applications: BTreeMap<String, Application>,
    url: &Url,
) -> anyhow::Result<Plan> {
    Ok(Plan {
        database_url: format!("sqlite:{}", data.join("afferent.db").display()),
        keys: MasterKeys::parse(&Secret::new(keepsake.encryption_key.as_str()))?,
        clock,
        applications,
        public_url: url.clone(),
        return_origins: RETURN_ORIGINS.map(str::to_owned).to_vec(),
        polling: None,
        rules: Rules::default(),
        webhook_hosts: THIS_MACHINE.map(str::to_owned).to_vec(),
    })
}

/// Our application at every provider, with the provider's own paths on the sandbox's address.
fn applications(
    keepsake: &Keepsake,
    url: &(Url, SocketAddr),
    sandbox: &(Url, SocketAddr),
) -> anyhow::Result<BTreeMap<String, Application>> {
    let mut applications = BTreeMap::new();
    for provider in providers::all() {
        let manifest = provider.manifest();
        let secret = Secret::new(keepsake.client_secret.as_str());
        let redirect_uri = redirect_uri(&url.0, &manifest.id)?;
        let mut application = Application::new(manifest, keepsake.client_id.clone(), secret, redirect_uri);
        application.authorize_url = stand_in(&sandbox.0, manifest, &application.authorize_url)?;
        application.token_url = stand_in(&sandbox.0, manifest, &application.token_url)?;
        application.api_url = stand_in(&sandbox.0, manifest, &application.api_url)?;
        let revoke_url = application.revoke_url.as_ref().map(|url| stand_in(&sandbox.0, manifest, url));
        application.revoke_url = revoke_url.transpose()?;
        applications.insert(manifest.id.clone(), application);
    }
    Ok(applications)
}

/// The same path, behind the provider's name at the sandbox.
fn stand_in(sandbox: &Url, manifest: &Manifest, url: &Url) -> anyhow::Result<Url> {
    sandbox.join(&format!("/{}{}", manifest.id, url.path().trim_end_matches('/'))).context("the sandbox's address")
}

fn clients(applications: &BTreeMap<String, Application>) -> BTreeMap<String, ClientApp> {
    let client = |application: &Application| ClientApp {
        client_id: application.client_id.clone(),
        client_secret: application.client_secret.clone(),
        redirect_uris: vec![application.redirect_uri.to_string()],
    };
    applications.iter().map(|(id, application)| (id.clone(), client(application))).collect()
}

fn announce(options: &Demo, keepsake: &Keepsake, url: &Url, sandbox_url: &Url, sandbox: &Sandbox) {
    let trimmed = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
    if options.json {
        let line = json!({
            "url": trimmed(url),
            "sandbox_url": trimmed(sandbox_url),
            "email": keepsake.email,
            "password": keepsake.password,
            "admin_email": keepsake.admin_email,
            "admin_password": keepsake.admin_password,
            "user_id": keepsake.user_id,
            "api_token": keepsake.api_token,
            "service_token": keepsake.service_token,
            "providers": provider_facts(keepsake, sandbox),
        });
        return say(&line.to_string());
    }
    let (email, password) = (&keepsake.email, &keepsake.password);
    let (admin_email, admin_password) = (&keepsake.admin_email, &keepsake.admin_password);
    say(&format!(
        "\n  Afferent is at {url}\n\n  Sign in as        {email}\n  with password     {password}\n\n  \
         Administrator     {admin_email}\n  with password     {admin_password}\n\n  \
         API token         {}\n  Service token     {}\n\n  \
         The sandbox is at {sandbox_url}\n  Everything is kept in {}. Stop with Ctrl-C.\n\n  \
         Next: sign in{}.\n",
        keepsake.api_token,
        keepsake.service_token,
        options.data.display(),
        if options.connected { " and watch the dashboard" } else { ", choose Connections, then Connect" },
    ));
}

fn provider_facts(keepsake: &Keepsake, sandbox: &Sandbox) -> Value {
    let facts = |id: &str| {
        json!({
            "client_id": keepsake.client_id,
            "client_secret": keepsake.client_secret,
            "account_id": sandbox.account_id(id),
        })
    };
    providers::all().iter().map(|provider| provider.manifest().id.clone()).map(|id| (id.clone(), facts(&id))).collect()
}

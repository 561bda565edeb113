//! Settings: read once, checked once, and named exactly when one is missing.

mod keys;
mod read;
mod reference;

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use anyhow::{Context, bail};
use engine::Rules;
use jiff::SignedDuration;
use model::Secret;
use providers::{Application, Manifest};
use url::Url;

use self::read::Found;
pub(crate) use self::reference::reference;

/// Settings of the server.
pub(crate) struct Config {
    pub(crate) database_url: String,
    pub(crate) encryption_key: Option<Secret>,
    pub(crate) public_url: Url,
    pub(crate) listen: SocketAddr,
    pub(crate) return_origins: Vec<String>,
    pub(crate) cors_origins: Vec<String>,
    /// Hosts in the own network to which people and apps may have events sent.
    pub(crate) webhook_hosts: Vec<String>,
    pub(crate) trust_proxy: bool,
    pub(crate) requests_per_minute: u32,
    pub(crate) streams_per_reader: usize,
    pub(crate) connections_per_address: usize,
    /// How often providers are asked for everything, where they are not to send webhooks.
    pub(crate) polling: Option<SignedDuration>,
    /// How long things are kept.
    pub(crate) rules: Rules,
    pub(crate) log: String,
    pub(crate) log_json: bool,
    /// Who collects traces.
    pub(crate) collector: Option<Url>,
    /// Our application at each provider that is set up.
    pub(crate) applications: BTreeMap<String, Application>,
    pub(crate) initial: BTreeMap<String, Initial>,
    /// What is missing before the server can run.
    missing: Vec<String>,
}

/// A refresh token to begin a connection with.
pub(crate) struct Initial {
    pub(crate) refresh_token: Secret,
    pub(crate) user: Option<String>,
}

impl Config {
    /// Reads settings from the environment and a file: the one that is named, or the usual one where there is one.
    pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let providers = providers::all();
        let ids: Vec<_> = providers.iter().map(|provider| provider.manifest().id.clone()).collect();
        let found = Found::read(file, std::env::vars(), &ids)?;
        let mut config = Self::server(&found)?;
        for provider in &providers {
            config.add_provider(&found, provider.manifest())?;
        }
        if config.encryption_key.is_none() {
            config.missing.insert(0, "INTEGRATION_ENCRYPTION_KEY (make one with `afferent key new`)".into());
        }
        if config.applications.is_empty() && !config.missing.iter().any(|name| name.contains("_CLIENT_")) {
            let names = ids.iter().map(|id| format!("{0}_CLIENT_ID and {0}_CLIENT_SECRET", id.to_uppercase()));
            config.missing.push(names.collect::<Vec<_>>().join(", or "));
        }
        Ok(config)
    }

    fn server(found: &Found) -> anyhow::Result<Self> {
        let listen: SocketAddr = found.parse("LISTEN")?.context("LISTEN is empty")?;
        let public_url = match found.parse("PUBLIC_URL")? {
            Some(url) => url,
            None if listen.port() == 0 => {
                bail!("LISTEN leaves the port open, so PUBLIC_URL must say where people reach this server")
            }
            None => Url::parse(&format!("http://{listen}"))?,
        };
        Ok(Self {
            database_url: found.text("DATABASE_URL").unwrap_or_default().to_owned(),
            encryption_key: found.secret("INTEGRATION_ENCRYPTION_KEY"),
            public_url,
            listen,
            return_origins: found.origins("ALLOWED_RETURN_ORIGINS", Some(":*"))?,
            cors_origins: found.origins("CORS_ORIGINS", None)?,
            webhook_hosts: found.list("WEBHOOK_TRUSTED_HOSTS"),
            trust_proxy: found.parse("TRUST_PROXY")?.unwrap_or(false),
            requests_per_minute: found.parse("RATE_LIMIT_PER_MINUTE")?.unwrap_or(60),
            streams_per_reader: found.parse("STREAMS_PER_READER")?.unwrap_or(100),
            connections_per_address: found.parse("CONNECTIONS_PER_ADDRESS")?.unwrap_or(1000),
            polling: polling(found)?,
            rules: Rules {
                event_days: found.parse("EVENT_RETENTION_DAYS")?.filter(|days| *days > 0),
                record_days: found.parse("RECORD_RETENTION_DAYS")?.filter(|days| *days > 0),
            },
            log: found.text("LOG").unwrap_or("info").to_owned(),
            log_json: match found.text("LOG_FORMAT") {
                Some("json") => true,
                Some("text") | None => false,
                Some(_) => bail!("LOG_FORMAT is neither text nor json"),
            },
            collector: found.parse("OTEL_EXPORTER_OTLP_ENDPOINT")?,
            applications: BTreeMap::new(),
            initial: BTreeMap::new(),
            missing: Vec::new(),
        })
    }

    /// A provider is set up when its application is named; half a name is a mistake.
    fn add_provider(&mut self, found: &Found, manifest: &Manifest) -> anyhow::Result<()> {
        let name = |key: &str| format!("{}_{key}", manifest.id.to_uppercase());
        let (id_name, secret_name) = (name("CLIENT_ID"), name("CLIENT_SECRET"));
        let (client_id, client_secret) = match (found.text(&id_name), found.secret(&secret_name)) {
            (Some(id), Some(secret)) => (id.to_owned(), secret),
            (None, None) => return Ok(()),
            (id, _) => {
                self.missing.push(if id.is_none() { id_name } else { secret_name });
                return Ok(());
            }
        };
        let redirect_uri = match found.parse(&name("REDIRECT_URI"))? {
            Some(url) => url,
            None => redirect_uri(&self.public_url, &manifest.id)?,
        };
        let mut application = Application::new(manifest, client_id, client_secret, redirect_uri);
        replace(&mut application.authorize_url, found.parse(&name("AUTHORIZE_URL"))?);
        replace(&mut application.token_url, found.parse(&name("TOKEN_URL"))?);
        replace(&mut application.api_url, found.parse(&name("API_URL"))?);
        application.revoke_url = found.parse(&name("REVOKE_URL"))?.or(application.revoke_url);
        application.webhook_secret = found.secret(&name("WEBHOOK_SECRET"));
        application.webhook_verification_token = found.secret(&name("WEBHOOK_VERIFICATION_TOKEN"));
        application.webhook_oldest_hours = oldest_hours(found, &name("WEBHOOK_OLDEST_HOURS"))?;
        self.applications.insert(manifest.id.clone(), application);
        if let Some(refresh_token) = found.secret(&name("INITIAL_REFRESH_TOKEN")) {
            let user = found.text(&name("INITIAL_USER")).map(str::to_owned);
            self.initial.insert(manifest.id.clone(), Initial { refresh_token, user });
        }
        Ok(())
    }

    /// Refuses to go on when something is missing, naming all of it.
    pub(crate) fn require_all(&self) -> anyhow::Result<()> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let lines: Vec<_> = self.missing.iter().map(|name| format!("\n  - {name}")).collect();
        bail!("these settings are missing, in the environment or in afferent.toml:{}", lines.concat())
    }

    /// The names of what is missing.
    pub(crate) fn missing(&self) -> &[String] {
        &self.missing
    }
}

/// Where a provider sends people back unless something else is registered there.
pub(crate) fn redirect_uri(public_url: &Url, provider: &str) -> anyhow::Result<Url> {
    Ok(public_url.join(&format!("/api/v1/integrations/{provider}/callback"))?)
}

/// How often providers are asked for everything, where the settings say so.
fn polling(found: &Found) -> anyhow::Result<Option<SignedDuration>> {
    let seconds: u32 = found.parse("POLLING_INTERVAL_SECONDS")?.unwrap_or(900);
    if seconds < 60 {
        bail!("POLLING_INTERVAL_SECONDS is 60 at least");
    }
    let enabled = found.parse("POLLING_ENABLED")?.unwrap_or(false);
    Ok(enabled.then(|| SignedDuration::from_secs(seconds.into())))
}

/// How old a signed delivery may be, where the settings say so.
fn oldest_hours(found: &Found, name: &str) -> anyhow::Result<Option<u32>> {
    let hours = found.parse(name)?;
    if hours == Some(0) {
        bail!("{name} is 1 at least");
    }
    Ok(hours)
}

fn replace(url: &mut Url, other: Option<Url>) {
    if let Some(other) = other {
        *url = other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_port_needs_an_address_for_people() {
        let read = |settings: &[(&str, &str)]| {
            let environment = settings.iter().map(|(name, value)| (name.to_string(), value.to_string()));
            Config::server(&Found::read(None, environment, &[]).unwrap())
        };
        let error = read(&[("LISTEN", "127.0.0.1:0")]).err().unwrap().to_string();
        assert!(error.contains("LISTEN") && error.contains("PUBLIC_URL"), "{error}");
        assert!(read(&[("LISTEN", "127.0.0.1:0"), ("PUBLIC_URL", "http://afferent.test")]).is_ok());
        assert_eq!(read(&[("LISTEN", "127.0.0.1:7")]).unwrap().public_url.as_str(), "http://127.0.0.1:7/");
    }

    #[test]
    fn how_old_a_delivery_may_be_can_be_set_for_each_provider() {
        let hours = |text: &str| {
            let environment = [("OURA_WEBHOOK_OLDEST_HOURS", text)].into_iter();
            let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let found = Found::read(None, environment, &["oura".to_owned()]).unwrap();
            oldest_hours(&found, "OURA_WEBHOOK_OLDEST_HOURS")
        };
        assert_eq!((hours("72").unwrap(), hours("").unwrap()), (Some(72), None));
        assert!(hours("0").unwrap_err().to_string().contains("OURA_WEBHOOK_OLDEST_HOURS is 1 at least"));
    }
}

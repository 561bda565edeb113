//! Puts the rooms together.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Context;
use engine::{Configured, Engine, Rules, Setup};
use identity::Identity;
use jiff::SignedDuration;
use model::{Clock, Random, Secret, User, UserId};
use outbound::{Client, Guard};
use providers::Application;
use store::{Db, MasterKeys};
use url::Url;

use crate::config::{Config, Initial};

/// A provider that has not answered by then will not.
const DEADLINE: Duration = Duration::from_secs(25);
/// So long a receiver of events has to take one.
const SINK_DEADLINE: Duration = Duration::from_secs(15);
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// The rooms, put together.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) db: Db,
    pub(crate) engine: Engine,
    pub(crate) identity: Identity,
}

/// What a house is built from.
pub(crate) struct Plan {
    pub(crate) database_url: String,
    pub(crate) keys: MasterKeys,
    pub(crate) clock: Clock,
    pub(crate) applications: BTreeMap<String, Application>,
    pub(crate) public_url: Url,
    pub(crate) return_origins: Vec<String>,
    pub(crate) polling: Option<SignedDuration>,
    pub(crate) rules: Rules,
    pub(crate) webhook_hosts: Vec<String>,
}

impl Plan {
    /// The plan that settings describe.
    pub(crate) fn from_config(config: &Config) -> anyhow::Result<Self> {
        let key = config.encryption_key.as_ref().context("INTEGRATION_ENCRYPTION_KEY is missing")?;
        Ok(Self {
            database_url: config.database_url.clone(),
            keys: MasterKeys::parse(key)?,
            clock: Clock::system(),
            applications: config.applications.clone(),
            public_url: config.public_url.clone(),
            return_origins: config.return_origins.clone(),
            polling: config.polling,
            rules: config.rules,
            webhook_hosts: config.webhook_hosts.clone(),
        })
    }
}

impl House {
    /// Opens the database, brought up to date, and puts the rooms together.
    pub(crate) async fn build(plan: Plan) -> anyhow::Result<Self> {
        let random = Random::system();
        let db = Db::open(&plan.database_url, plan.keys, random.clone()).await.context("opening the database")?;
        let guard = Guard::trusting(plan.applications.values().flat_map(urls));
        let engine = Engine::new(Setup {
            db: db.clone(),
            clock: plan.clock.clone(),
            random: random.clone(),
            http: Client::new(guard, DEADLINE)?,
            sink_http: Client::new(Guard::trusting_hosts(plan.webhook_hosts), SINK_DEADLINE)?,
            providers: configured(&plan.applications),
            public_url: plan.public_url,
            return_origins: plan.return_origins,
            polling: plan.polling,
            rules: plan.rules,
        });
        let identity = Identity::new(db.clone(), plan.clock, random);
        Ok(Self { db, engine, identity })
    }

    /// The house that settings describe.
    pub(crate) async fn from_config(config: &Config) -> anyhow::Result<Self> {
        Self::build(Plan::from_config(config)?).await
    }

    /// Somebody by e-mail address, id or external id.
    pub(crate) async fn person(&self, text: &str) -> anyhow::Result<User> {
        let by_email = self.db.read().await?.find_user_by_email(text).await?;
        let found = match by_email {
            Some(user) => Some(user),
            None => self.engine.find_user(text).await?,
        };
        found.with_context(|| format!("nobody is called {text} here"))
    }

    /// Connects people by the refresh tokens in the settings, if they never were.
    pub(crate) async fn bootstrap(&self, initial: &BTreeMap<String, Initial>) -> anyhow::Result<()> {
        for (provider, initial) in initial {
            let user = match &initial.user {
                Some(user) => self.person(user).await?,
                None => self.only_person().await?,
            };
            self.bootstrap_at(user.id, provider, &initial.refresh_token).await;
        }
        Ok(())
    }

    /// Tries until the provider has answered, one way or the other; the server need not wait for that.
    async fn bootstrap_at(&self, user: UserId, provider: &str, token: &Secret) {
        if self.try_to_bootstrap(user, provider, token).await {
            return;
        }
        let (house, provider, token) = (self.clone(), provider.to_owned(), token.clone());
        tokio::spawn(async move {
            loop {
                house.engine.clock().sleep(TRY_AGAIN).await;
                if house.try_to_bootstrap(user, &provider, &token).await {
                    return;
                }
            }
        });
    }

    /// Whether the matter is settled.
    async fn try_to_bootstrap(&self, user: UserId, provider: &str, token: &Secret) -> bool {
        match self.engine.bootstrap(user, provider, token).await {
            Ok(Some(_)) => tracing::info!(provider, "connected by the initial refresh token"),
            Ok(None) => tracing::debug!(provider, "the initial refresh token was used before"),
            Err(error @ engine::Error::Unavailable { .. }) => {
                tracing::warn!(provider, %error, "the initial refresh token is tried again in a minute");
                return false;
            }
            Err(error) => tracing::error!(provider, %error, "the initial refresh token could not be used"),
        }
        true
    }

    async fn only_person(&self) -> anyhow::Result<User> {
        let mut users = self.engine.users(None, 2).await?;
        anyhow::ensure!(users.len() == 1, "say with …_INITIAL_USER whom the initial refresh token connects");
        Ok(users.remove(0))
    }
}

fn configured(applications: &BTreeMap<String, Application>) -> Vec<Configured> {
    let set_up = |provider: Arc<dyn providers::Provider>| {
        let application = applications.get(&provider.manifest().id)?.clone();
        Some(Configured { provider, application: Arc::new(application) })
    };
    providers::all().into_iter().filter_map(set_up).collect()
}

fn urls(application: &Application) -> impl Iterator<Item = &Url> {
    [&application.authorize_url, &application.token_url, &application.api_url]
        .into_iter()
        .chain(&application.revoke_url)
}

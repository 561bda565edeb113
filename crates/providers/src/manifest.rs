//! What is known of a provider as data: `manifest.toml` in its folder.

use std::collections::{BTreeMap, BTreeSet};

use model::{Kind, Operation};
use serde::Deserialize;
use url::Url;

/// A provider as data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The word in URLs, settings and the database.
    pub id: String,
    pub name: String,
    /// What the provider is, in a sentence for the person who connects.
    pub about: String,
    /// Where a person can see and end what was granted.
    pub account_page: Option<Url>,
    pub oauth: OAuth,
    pub api_url: Url,
    pub limits: Limits,
    pub collections: Vec<Collection>,
    /// How it tells of changes by itself; absent where it does not.
    pub webhooks: Option<Webhooks>,
    /// Paths that earlier integrations used.
    #[serde(default)]
    pub aliases: Vec<Alias>,
}

/// How a person authorises us.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    pub authorize_url: Url,
    pub token_url: Url,
    pub revoke_url: Option<Url>,
    pub client_authentication: ClientAuthentication,
    /// Whether the provider understands PKCE S256.
    pub pkce: bool,
    /// How long an access token lives where the provider does not say.
    pub access_token_seconds: u64,
    /// Scopes asked for whatever the person consents to: without them we could not tell whose account it is.
    #[serde(default)]
    pub scopes_always: BTreeSet<String>,
    /// What some applications' scopes carry in front of the names used here.
    pub scope_prefix: Option<String>,
    /// What a person reads for a scope that is missing.
    #[serde(default)]
    pub scope_labels: BTreeMap<String, String>,
}

/// Where a client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    Body,
    Basic,
}

/// How many requests an application may send.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub requests: u32,
    pub per_seconds: u32,
}

/// How a provider tells of changes by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// What it can be told to tell of.
    pub operations: BTreeSet<Operation>,
    /// Subscriptions are renewed so long before they end.
    pub renew_before_days: u32,
    /// How old a signed delivery may be. Retries last, and are not known to be signed again.
    pub oldest_hours: u32,
    /// What may be sent in one delivery at most.
    pub most_bytes: usize,
}

/// A kind of data that a provider offers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    pub id: String,
    /// What its items become.
    pub kind: Kind,
    /// The scope without which it answers nothing; empty when any token will do.
    #[serde(default)]
    pub scope: String,
    /// Scopes that make its answers fuller; it answers without them.
    #[serde(default)]
    pub optional_scopes: BTreeSet<String>,
    pub dates: Dates,
    /// Days to ask for before and after those wanted, because of how the provider cuts days.
    #[serde(default)]
    pub margin_before_days: i64,
    #[serde(default)]
    pub margin_after_days: i64,
    /// Days in one request at most.
    pub days_per_request: u32,
    /// Days to look back at each scheduled sync, because the provider revises.
    pub look_back_days: u32,
    pub every_hours: u32,
    /// What notices call it; absent where the provider does not tell of it.
    pub notices: Option<String>,
    /// Whether one item can be asked for by its identity.
    #[serde(default)]
    pub documents: bool,
}

/// How a collection is asked for a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dates {
    /// By civil days.
    Days,
    /// By instants.
    Instants,
    /// Not at all: it always answers with all there is.
    None,
}

/// A path that earlier integrations used, and the door it leads to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    pub path: String,
    pub method: String,
    pub door: Door,
}

/// A door of an integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    Disclosure,
    Connect,
    Callback,
    Status,
    Settings,
    Sync,
    Disconnect,
    Webhook,
    Subscriptions,
}

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub enum InvalidManifest {
    #[error("manifest: {0}")]
    Unreadable(#[from] toml::de::Error),
    #[error("manifest of {provider}: {problem}")]
    Inconsistent { provider: String, problem: String },
}

impl Manifest {
    /// Reads and checks a manifest.
    pub fn parse(text: &str) -> Result<Self, InvalidManifest> {
        let manifest: Self = toml::from_str(text)?;
        match manifest.problem() {
            Some(problem) => Err(InvalidManifest::Inconsistent { provider: manifest.id, problem }),
            None => Ok(manifest),
        }
    }

    fn problem(&self) -> Option<String> {
        let mut ids = BTreeSet::new();
        if let Some(twice) = self.collections.iter().find(|collection| !ids.insert(&collection.id)) {
            return Some(format!("collection {} is there twice", twice.id));
        }
        let idle = |c: &&Collection| c.days_per_request == 0 || c.every_hours == 0;
        if let Some(collection) = self.collections.iter().find(idle) {
            return Some(format!("collection {} is never asked", collection.id));
        }
        (self.limits.requests == 0 || self.limits.per_seconds == 0).then(|| "the limits allow nothing".to_owned())
    }

    /// A collection by its id.
    pub fn collection(&self, id: &str) -> Option<&Collection> {
        self.collections.iter().find(|collection| collection.id == id)
    }

    /// The collection that notices call by a name.
    pub fn noticed_collection(&self, name: &str) -> Option<&Collection> {
        self.collections.iter().find(|collection| collection.notices.as_deref() == Some(name))
    }

    /// Every kind that it can yield.
    pub fn kinds(&self) -> BTreeSet<Kind> {
        self.collections.iter().map(|collection| collection.kind).collect()
    }

    /// The scopes that these kinds need.
    pub fn scopes(&self, kinds: &BTreeSet<Kind>) -> BTreeSet<String> {
        let needed = self.collections.iter().filter(|collection| kinds.contains(&collection.kind));
        let scopes =
            needed.flat_map(|collection| std::iter::once(&collection.scope).chain(&collection.optional_scopes));
        scopes.chain(&self.oauth.scopes_always).filter(|scope| !scope.is_empty()).cloned().collect()
    }
}

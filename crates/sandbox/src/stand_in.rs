//! What every stand-in for a provider does.

use std::sync::Arc;

use axum::{Router, response::Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{Error, Faults, Options};

/// Opens a stand-in, with the troubles that may befall it.
pub(crate) type Open = fn(&Options, Faults) -> Result<Arc<dyn StandIn>, Error>;

/// A stand-in for one provider.
pub(crate) trait StandIn: Send + Sync {
    /// The provider's id, as in paths.
    fn id(&self) -> &'static str;

    /// The provider's own routes.
    fn routes(self: Arc<Self>) -> Router;

    /// The people with an account, the first one first.
    fn people(&self) -> Vec<Resident>;

    /// Lets a person's device reach the cloud now; says what is new and what was revised.
    fn sync(&self, account_id: &str) -> Option<Value>;

    /// How this provider says that something is wrong.
    fn trouble(&self, trouble: Trouble) -> Response;
}

/// A person with an account.
#[derive(Serialize)]
pub(crate) struct Resident {
    pub(crate) provider: &'static str,
    pub(crate) account_id: String,
    pub(crate) name: String,
    pub(crate) living: bool,
    pub(crate) last_sync_at: Option<Timestamp>,
}

/// What a provider may have to say that is nobody's wish.
pub(crate) enum Trouble {
    /// Too many requests.
    Limited { retry_after: u64, limit: u32, window: u64 },
    /// The provider is broken.
    Broken,
}

//! What every stand-in for a provider does.

use std::{sync::Arc, time::Duration};

use axum::{Router, response::Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{Error, Faults, Options, outbox::Outbox};

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

    /// Lets a person's device reach the cloud now; says what is new and what was revised. Who has subscribed is told of
    /// it after a delay.
    fn sync(&self, account_id: &str, delay: Duration) -> Option<Value>;

    /// Takes a document away, as its person can. Whether it was there.
    fn remove(&self, account_id: &str, collection: &str, id: &str, delay: Duration) -> bool;

    /// Lets the person who has granted access live through a moment; which one it is goes by its number.
    fn live(&self, moment: u64);

    /// Lets devices reach the cloud that have done so by themselves; says when the next one will.
    fn pass(&self, now: Timestamp) -> Option<Timestamp>;

    /// The webhooks that it sends.
    fn outbox(&self) -> &Outbox;

    /// How it sends them.
    fn manners(&self) -> &'static Manners;

    /// The headers of a webhook that is sent at an instant; a forged one is signed by somebody who knows no secret.
    fn sign(&self, body: &[u8], at: Timestamp, forged: bool) -> Vec<(&'static str, String)>;

    /// A subscription whose receiver wants nothing more.
    fn unsubscribed(&self, subscription_id: &str);

    /// How this provider says that something is wrong.
    fn trouble(&self, trouble: Trouble) -> Response;
}

/// How a provider sends webhooks.
pub(crate) struct Manners {
    /// An answer later than that is none.
    pub(crate) deadline: Duration,
    /// Seconds to wait before each further try.
    pub(crate) retries: &'static [i64],
    /// Whether an answer with this status takes a webhook.
    pub(crate) takes: fn(u16) -> bool,
    /// The status that ends the subscription, if one does.
    pub(crate) ends: Option<u16>,
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

//! What data cannot say of a provider, in the order of a connection's life.

use async_trait::async_trait;
use bytes::Bytes;
use model::{Account, Kind, Record, Secret, Window};

use crate::{
    Api, Challenge, Collection, Error, Manifest, NewSubscription, Notice, Received, Signed, Subscription, Unsigned,
};

/// A service with data. It never sees refresh tokens, retries, the database or the clock.
#[async_trait]
pub trait Provider: Send + Sync {
    /// What is known of the provider as data.
    fn manifest(&self) -> &Manifest;

    /// Asks whose account was authorised.
    async fn identify(&self, api: &Api) -> Result<Account, Error>;

    /// Fetches one page of one collection in a window. It may bring more days than asked, never fewer.
    async fn fetch(&self, api: &Api, ask: &Ask<'_>) -> Result<Page, Error>;

    /// Asks for one thing by its identity; `None` when it is gone.
    async fn find(&self, api: &Api, collection: &Collection, provider_id: &str) -> Result<Option<Page>, Error>;

    /// Turns a page into records. Pure; one bad item never fails its page.
    fn map(&self, collection: &str, body: &[u8]) -> Result<Mapped, Error>;

    /// Whether a delivery is the provider's own: its signature over the raw bytes, compared in constant time. Under an
    /// empty secret none is. Pure.
    fn verify(&self, _secret: &Secret, _delivery: Received<'_>) -> Result<Signed, Unsigned> {
        Err(Unsigned::Missing)
    }

    /// What a delivery says has changed. Pure; unknown fields and words are no reason to refuse it.
    fn notices(&self, _body: &[u8]) -> Result<Vec<Notice>, Error> {
        Err(Error::Malformed("the provider is not known to send anything".into()))
    }

    /// What a query at the webhook's address wants to know; `None` when it is no challenge. Pure.
    fn challenge(&self, _query: &str) -> Option<Challenge> {
        None
    }

    /// Everything that the provider sends our application deliveries for.
    async fn subscriptions(&self, _api: &Api) -> Result<Vec<Subscription>, Error> {
        Ok(Vec::new())
    }

    /// Reads what the provider answers when it is asked for them. Pure; what cannot be read is none of ours.
    fn read_subscriptions(&self, _body: &[u8]) -> Result<Vec<Subscription>, Error> {
        Ok(Vec::new())
    }

    /// Asks for deliveries. The provider may challenge the address before it answers.
    async fn subscribe(&self, _api: &Api, _wanted: &NewSubscription) -> Result<Subscription, Error> {
        Err(Error::NotFound)
    }

    /// Asks for deliveries for longer.
    async fn renew(&self, _api: &Api, _provider_id: &str) -> Result<Subscription, Error> {
        Err(Error::NotFound)
    }

    /// Has the provider make sure of the address once more.
    async fn probe(&self, _api: &Api, _provider_id: &str, _wanted: &NewSubscription) -> Result<Subscription, Error> {
        Err(Error::NotFound)
    }

    /// Asks for no more deliveries. What is gone already is no error.
    async fn unsubscribe(&self, _api: &Api, _provider_id: &str) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// What an answer without success means.
    fn refusal(&self, status: u16, _body: &[u8]) -> Error {
        Error::from_status(status)
    }

    /// Ends the grant at the provider.
    async fn revoke(&self, api: &Api) -> Result<(), Error>;
}

/// What to fetch.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub collection: &'a Collection,
    pub window: Window,
    /// The provider's own word for where to go on.
    pub next: Option<&'a str>,
}

/// One answer fetched from a provider, byte for byte.
#[derive(Clone, Debug)]
pub struct Page {
    pub body: Bytes,
    /// The provider's own word for the page after this one.
    pub next: Option<String>,
}

/// What a page says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapped {
    pub records: Vec<Record>,
    /// What the page says is no more.
    pub gone: Vec<(Kind, String)>,
    /// Items that could not be read; they stay in the raw page.
    pub skipped: Vec<Skipped>,
}

/// An item that could not be read, and why. Names no value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub index: usize,
    pub why: String,
}

//! What data cannot say of a provider, in the order of a connection's life.

use async_trait::async_trait;
use bytes::Bytes;
use model::{Account, Kind, Record, Window};

use crate::{Api, Collection, Error, Manifest};

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

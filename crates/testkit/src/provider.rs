//! A provider with another manifest: the same behaviour, other data.

use std::sync::Arc;

use async_trait::async_trait;
use model::Account;
use providers::{Api, Ask, Collection, Error, Manifest, Mapped, Page, Provider};

/// A provider that says something else of itself.
pub(crate) struct Restyled {
    pub(crate) inner: Arc<dyn Provider>,
    pub(crate) manifest: Manifest,
}

impl Restyled {
    pub(crate) fn of(inner: Arc<dyn Provider>, change: impl FnOnce(&mut Manifest)) -> Arc<dyn Provider> {
        let mut manifest = inner.manifest().clone();
        change(&mut manifest);
        Arc::new(Self { inner, manifest })
    }
}

#[async_trait]
impl Provider for Restyled {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn identify(&self, api: &Api) -> Result<Account, Error> {
        self.inner.identify(api).await
    }

    async fn fetch(&self, api: &Api, ask: &Ask<'_>) -> Result<Page, Error> {
        self.inner.fetch(api, ask).await
    }

    async fn find(&self, api: &Api, collection: &Collection, provider_id: &str) -> Result<Option<Page>, Error> {
        self.inner.find(api, collection, provider_id).await
    }

    fn map(&self, collection: &str, body: &[u8]) -> Result<Mapped, Error> {
        self.inner.map(collection, body)
    }

    fn refusal(&self, status: u16, body: &[u8]) -> Error {
        self.inner.refusal(status, body)
    }

    async fn revoke(&self, api: &Api) -> Result<(), Error> {
        self.inner.revoke(api).await
    }
}

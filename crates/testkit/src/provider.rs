//! A provider with another manifest: the same behaviour, other data.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Account, Secret};
use providers::{
    Api, Ask, Challenge, Collection, Error, Manifest, Mapped, NewSubscription, Notice, Page, Provider, Received,
    Signed, Subscription, Unsigned,
};

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

    fn verify(&self, secret: &Secret, delivery: Received<'_>) -> Result<Signed, Unsigned> {
        self.inner.verify(secret, delivery)
    }

    fn notices(&self, body: &[u8]) -> Result<Vec<Notice>, Error> {
        self.inner.notices(body)
    }

    fn challenge(&self, query: &str) -> Option<Challenge> {
        self.inner.challenge(query)
    }

    async fn subscriptions(&self, api: &Api) -> Result<Vec<Subscription>, Error> {
        self.inner.subscriptions(api).await
    }

    async fn subscribe(&self, api: &Api, wanted: &NewSubscription) -> Result<Subscription, Error> {
        self.inner.subscribe(api, wanted).await
    }

    async fn renew(&self, api: &Api, provider_id: &str) -> Result<Subscription, Error> {
        self.inner.renew(api, provider_id).await
    }

    async fn probe(&self, api: &Api, provider_id: &str, wanted: &NewSubscription) -> Result<Subscription, Error> {
        self.inner.probe(api, provider_id, wanted).await
    }

    async fn unsubscribe(&self, api: &Api, provider_id: &str) -> Result<(), Error> {
        self.inner.unsubscribe(api, provider_id).await
    }

    fn refusal(&self, status: u16, body: &[u8]) -> Error {
        self.inner.refusal(status, body)
    }

    async fn revoke(&self, api: &Api) -> Result<(), Error> {
        self.inner.revoke(api).await
    }
}

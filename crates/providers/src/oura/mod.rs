//! Oura: a ring that measures sleep, readiness, activity and heart rate.

mod fetch;
mod hooks;
mod map;
mod signature;
mod subscribe;
#[cfg(test)]
mod tests;
mod wire;

use async_trait::async_trait;
use model::{Account, Secret};

use crate::{
    Api, Ask, Challenge, Collection, Error, Manifest, Mapped, NewSubscription, Notice, Page, Provider, Received,
    Signed, Subscription, Unsigned,
};

/// Oura's API, version 2.
#[derive(Clone, Debug)]
pub struct Oura {
    manifest: Manifest,
}

impl Oura {
    /// Oura as its manifest describes it.
    pub fn new() -> Self {
        let manifest = Manifest::parse(include_str!("manifest.toml"));
        Self { manifest: manifest.expect("the manifest is part of the program, and a test reads it") }
    }
}

impl Default for Oura {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Provider for Oura {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn identify(&self, api: &Api) -> Result<Account, Error> {
        fetch::account(api).await
    }

    async fn fetch(&self, api: &Api, ask: &Ask<'_>) -> Result<Page, Error> {
        fetch::page(api, ask).await
    }

    async fn find(&self, api: &Api, collection: &Collection, provider_id: &str) -> Result<Option<Page>, Error> {
        fetch::document(api, collection, provider_id).await
    }

    fn map(&self, collection: &str, body: &[u8]) -> Result<Mapped, Error> {
        map::page(collection, body)
    }

    fn verify(&self, secret: &Secret, delivery: Received<'_>) -> Result<Signed, Unsigned> {
        signature::verify(secret, delivery)
    }

    fn notices(&self, body: &[u8]) -> Result<Vec<Notice>, Error> {
        hooks::notices(body)
    }

    fn challenge(&self, query: &str) -> Option<Challenge> {
        hooks::challenge(query)
    }

    async fn subscriptions(&self, api: &Api) -> Result<Vec<Subscription>, Error> {
        subscribe::list(api).await
    }

    fn read_subscriptions(&self, body: &[u8]) -> Result<Vec<Subscription>, Error> {
        subscribe::read_list(body)
    }

    async fn subscribe(&self, api: &Api, wanted: &NewSubscription) -> Result<Subscription, Error> {
        subscribe::create(api, wanted).await
    }

    async fn renew(&self, api: &Api, provider_id: &str) -> Result<Subscription, Error> {
        subscribe::renew(api, provider_id).await
    }

    async fn probe(&self, api: &Api, provider_id: &str, wanted: &NewSubscription) -> Result<Subscription, Error> {
        subscribe::update(api, provider_id, wanted).await
    }

    async fn unsubscribe(&self, api: &Api, provider_id: &str) -> Result<(), Error> {
        subscribe::delete(api, provider_id).await
    }

    fn refusal(&self, status: u16, body: &[u8]) -> Error {
        fetch::refusal(status, body)
    }

    async fn revoke(&self, api: &Api) -> Result<(), Error> {
        fetch::revoke(api).await
    }
}

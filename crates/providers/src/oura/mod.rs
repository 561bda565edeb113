//! Oura: a ring that measures sleep, readiness, activity and heart rate.

mod fetch;
mod map;
#[cfg(test)]
mod tests;
mod wire;

use async_trait::async_trait;
use model::Account;

use crate::{Api, Ask, Collection, Error, Manifest, Mapped, Page, Provider};

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

    fn refusal(&self, status: u16, body: &[u8]) -> Error {
        fetch::refusal(status, body)
    }

    async fn revoke(&self, api: &Api) -> Result<(), Error> {
        fetch::revoke(api).await
    }
}

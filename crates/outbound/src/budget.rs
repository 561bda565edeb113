//! How many requests an application may send. The budget is common to all processes; whoever implements it
//! leases slices of it.

use async_trait::async_trait;
use jiff::Timestamp;

/// What a provider allows one application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub requests: u32,
    pub per_seconds: u32,
}

/// An application's budget of requests.
#[async_trait]
pub trait Budget: Send + Sync {
    /// Takes one request out of the budget, or says when there will be one.
    async fn take(&self, application: &str, limit: Limit) -> Result<(), Timestamp>;

    /// Keeps every process from asking before an instant, because the provider said so.
    async fn pause(&self, application: &str, until: Timestamp);
}

/// No limit: for tests of a provider by itself.
pub struct Unlimited;

#[async_trait]
impl Budget for Unlimited {
    async fn take(&self, _: &str, _: Limit) -> Result<(), Timestamp> {
        Ok(())
    }

    async fn pause(&self, _: &str, _: Timestamp) {}
}

//! Takes in what a provider sends: its signature is right, it is not old, and it is durable, before it is answered.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::{SignedDuration, Timestamp};
use providers::{Received, Signed};
use store::NewDelivery;

use super::webhooks;
use crate::{
    Engine, Error, Result,
    measure::{self, Delivered},
};

impl Engine {
    /// How many bytes a provider may send in one delivery.
    pub fn most_delivered(&self, provider: &str) -> Result<usize> {
        Ok(webhooks(self, provider)?.most_bytes)
    }

    /// Keeps a delivery. Once this has returned it will have its effect, whatever happens to this process.
    pub async fn accept(&self, provider: &str, delivery: Received<'_>) -> Result<()> {
        let accepted = self.try_accept(provider, delivery).await;
        let outcome = match &accepted {
            Ok(()) => Delivered::Accepted,
            Err(Error::Unsigned(_)) => Delivered::Forged,
            Err(Error::Stale) => Delivered::Stale,
            Err(Error::NotKept(_)) => Delivered::Refused,
            Err(_) => return accepted,
        };
        measure::delivery(provider, outcome);
        accepted
    }

    async fn try_accept(&self, provider: &str, delivery: Received<'_>) -> Result<()> {
        let webhooks = webhooks(self, provider)?;
        let configured = self.provider(provider)?;
        let signed = configured.provider.verify(configured.application.webhook_secret(), delivery);
        let signed = signed.map_err(Error::Unsigned)?;
        let now = self.clock.now();
        let oldest = configured.application.webhook_oldest_hours.unwrap_or(webhooks.oldest_hours);
        if !is_recent(signed, oldest, now) {
            return Err(Error::Stale);
        }
        let new = NewDelivery {
            provider: provider.to_owned(),
            body: delivery.body.to_vec(),
            signed_at: signed.at,
            received_at: now,
        };
        self.arrivals.call(new).await.map_err(Error::NotKept)?;
        self.arrived.notify_one();
        Ok(())
    }

    /// What to answer a provider that makes sure that an address is ours, if it proves to be that provider.
    pub fn answer_challenge(&self, provider: &str, query: &str) -> Result<serde_json::Value> {
        webhooks(self, provider)?;
        let configured = self.provider(provider)?;
        let challenge = configured.provider.challenge(query).ok_or(Error::WrongToken)?;
        let expected = configured.application.verification_token();
        verify_slices_are_equal(challenge.token.expose().as_bytes(), expected.expose().as_bytes())
            .map_err(|_| Error::WrongToken)?;
        Ok(challenge.answer)
    }
}

/// Whether it was signed within so many hours of now. As far ahead as behind: it may be our clock that is slow.
fn is_recent(signed: Signed, oldest_hours: u32, now: Timestamp) -> bool {
    let Some(at) = signed.at else { return true };
    now.duration_since(at).abs() <= SignedDuration::from_hours(oldest_hours.into())
}

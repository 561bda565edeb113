//! What administrators do about subscriptions by hand.

use model::{Actor, SubscriptionId};
use providers::Error as Trouble;
use store::{Subscribed, Subscription};

use super::Listening;
use crate::{Engine, Error, Result, jobs};

impl Engine {
    /// Has a provider's subscriptions compared with what we want soon, and made sure of, too, where that is asked for.
    pub async fn ask_reconcile(&self, provider: &str, probe: bool) -> Result<Listening> {
        if self.provider(provider)?.manifest().webhooks.is_none() {
            return Err(Error::invalid("provider", "tells of nothing by itself"));
        }
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        if probe {
            tx.ask_probe(provider, now, now).await?;
        }
        tx.retry_subscriptions(provider).await?;
        tx.enqueue(now, jobs::reconcile(provider, now)).await?;
        tx.commit().await?;
        self.wake.notify_one();
        self.listening(provider).await
    }

    /// Renews a subscription now.
    pub async fn renew_subscription(&self, actor: &Actor, id: SubscriptionId) -> Result<Subscription> {
        let subscription = self.db.read().await?.subscription(id).await?;
        let provider_id = subscription.provider_id.clone().ok_or(Error::NotFound("subscription at the provider"))?;
        let api = self.application_api(&subscription.key.provider)?;
        let renewed = api.provider.clone().renew(&api, &provider_id).await?;
        let now = self.clock.now();
        let had = Subscribed::Had { provider_id: renewed.provider_id, expires_at: renewed.expires_at, renewed: true };
        let mut tx = self.db.write().await?;
        tx.note_subscription(now, &subscription.key, &had).await?;
        let subscription = tx.subscription(id).await?;
        tx.commit().await?;
        note(actor, &subscription, "a subscription was renewed by hand");
        Ok(subscription)
    }

    /// Ends a subscription. What is still wanted is made again when what the provider has is next compared.
    pub async fn end_subscription(&self, actor: &Actor, id: SubscriptionId) -> Result<()> {
        let subscription = self.db.read().await?.subscription(id).await?;
        if let Some(provider_id) = &subscription.provider_id {
            let api = self.application_api(&subscription.key.provider)?;
            match api.provider.clone().unsubscribe(&api, provider_id).await {
                Ok(()) | Err(Trouble::NotFound) => {}
                Err(trouble) => return Err(trouble.into()),
            }
        }
        let mut tx = self.db.write().await?;
        tx.forget_subscription(id).await?;
        tx.commit().await?;
        note(actor, &subscription, "a subscription was ended by hand");
        Ok(())
    }
}

/// A subscription is nobody's data, so that no person's audit trail says who has touched it: the log does.
fn note(actor: &Actor, subscription: &Subscription, what: &'static str) {
    let (actor, actor_id) = actor.parts();
    let (provider, data_type) = (&subscription.key.provider, &subscription.key.data_type);
    tracing::info!(actor, actor_id, provider, data_type, operation = %subscription.key.operation, "{what}");
}

//! Does once more what a delivery calls for.

use std::collections::BTreeSet;

use model::{Action, Actor, DeliveryId, DeliveryState};
use store::DeliveryQuery;

use crate::{Engine, Error, Result, jobs};

const AT_ONCE: i64 = 100;

impl Engine {
    /// Opens a delivery again, or has what it speaks of fetched again.
    pub async fn replay(&self, actor: &Actor, id: DeliveryId) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let delivery = tx.delivery(id).await?;
        let name = match self.provider(&delivery.provider) {
            Ok(configured) => configured.manifest().name.clone(),
            Err(_) => delivery.provider.clone(),
        };
        if !tx.reopen_delivery(id, now).await? {
            let concerned = tx.wake_notices(id, now).await?;
            if concerned.is_empty() {
                return Err(Error::invalid("delivery", "nothing of it is left that could be done again"));
            }
            tx.await_notices(id).await?;
            for (user, connection) in concerned {
                tx.enqueue(now, jobs::attend(user, connection, now)).await?;
            }
        }
        for user in delivery.notices.iter().map(|notice| notice.user_id).collect::<BTreeSet<_>>() {
            tx.append_audit(user, now, actor, Action::DeliveryReplayed, Some(&name)).await?;
        }
        tx.commit().await?;
        self.arrived.notify_one();
        self.wake.notify_one();
        Ok(())
    }

    /// Replays all that were given up. Says how many, and of how many nothing is left.
    pub async fn replay_dead(&self, actor: &Actor) -> Result<(usize, usize)> {
        let (mut replayed, mut lost) = (0, 0);
        let mut wanted = DeliveryQuery { state: Some(DeliveryState::Dead), limit: AT_ONCE, ..DeliveryQuery::default() };
        loop {
            let dead = self.deliveries(&wanted).await?;
            let Some(last) = dead.last() else { return Ok((replayed, lost)) };
            wanted.before = Some(last.id);
            for delivery in &dead {
                match self.replay(actor, delivery.id).await {
                    Ok(()) => replayed += 1,
                    Err(Error::Invalid { .. } | Error::Store(store::Error::Conflict(_))) => lost += 1,
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

//! Takes deliveries out of their bundles.

use jiff::{SignedDuration, Timestamp};
use store::{Bundle, Tx, Unopened, Write};

use super::open::AT_ONCE;
use crate::{
    Engine, Result,
    measure::{self, Delivered},
};

/// A bundle whose key is missing waits until an operator has found it.
const PUT_BACK_FOR: SignedDuration = SignedDuration::from_hours(1);

impl Engine {
    /// Takes deliveries out of their bundles; of twins, one.
    pub(super) async fn unbundle(&self, tx: &mut Tx<Write>, now: Timestamp) -> Result<Vec<Unopened>> {
        let mut taken: Vec<Unopened> = Vec::new();
        while taken.len() < AT_ONCE {
            let Some(bundle) = tx.take_bundle(now).await? else { break };
            match tx.open_bundle(&bundle).await {
                Ok(deliveries) => deliveries.into_iter().for_each(|delivery| take(&mut taken, delivery)),
                Err(error @ (store::Error::Sealed(_) | store::Error::KeyMissing(_) | store::Error::Corrupt { .. })) => {
                    self.put_back(tx, &bundle, &error, now).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(taken)
    }

    async fn put_back(&self, tx: &mut Tx<Write>, bundle: &Bundle, error: &store::Error, now: Timestamp) -> Result<()> {
        tracing::error!(provider = bundle.provider, %error, "deliveries that were received together cannot be opened");
        let later = now.saturating_add(PUT_BACK_FOR).unwrap_or(Timestamp::MAX);
        Ok(tx.put_bundle_back(bundle, later).await?)
    }

    /// Gives deliveries that could not be opened together rows of their own.
    pub(super) async fn lay_out(&self) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let deliveries = self.unbundle(&mut tx, now).await?;
        tx.lay_out_deliveries(&deliveries, now).await?;
        Ok(tx.commit().await?)
    }
}

fn take(taken: &mut Vec<Unopened>, delivery: Unopened) {
    if taken.iter().any(|other| other.is_twin_of(&delivery)) {
        measure::delivery(&delivery.provider, Delivered::Duplicate);
    } else {
        taken.push(delivery);
    }
}

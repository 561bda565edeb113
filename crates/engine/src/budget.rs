//! Leases slices of an application's common budget, so that all processes together keep within it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use model::Clock;
use outbound::{Budget, Limit};
use store::Db;

/// A slice is a fiftieth of the budget: small enough to share, large enough that most requests cost no write.
const SLICES: u32 = 50;

pub(crate) struct SharedBudget {
    db: Db,
    clock: Clock,
    slices: Mutex<HashMap<String, Slice>>,
    /// One slice at a time: whoever finds none waits for it instead of leasing another.
    leasing: tokio::sync::Mutex<()>,
}

struct Slice {
    left: i64,
    /// A slice is worth nothing after the window that it was cut from.
    until: Timestamp,
}

impl SharedBudget {
    pub(crate) fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, slices: Mutex::default(), leasing: tokio::sync::Mutex::default() }
    }

    fn take_from_slice(&self, application: &str) -> bool {
        let mut slices = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        match slices.get_mut(application) {
            Some(slice) if slice.left > 0 && self.clock.now() < slice.until => {
                slice.left -= 1;
                true
            }
            _ => false,
        }
    }

    async fn lease(&self, application: &str, limit: Limit) -> store::Result<Result<(i64, Timestamp), Timestamp>> {
        let slice = i64::from((limit.requests / SLICES).max(1));
        let window = i64::from(limit.per_seconds) * 1000;
        let mut tx = self.db.write().await?;
        let leased = tx.lease_budget(application, limit.requests.into(), window, slice, self.clock.now()).await?;
        tx.commit().await?;
        Ok(leased)
    }
}

#[async_trait]
impl Budget for SharedBudget {
    async fn take(&self, application: &str, limit: Limit) -> Result<(), Timestamp> {
        if self.take_from_slice(application) {
            return Ok(());
        }
        let _leasing = self.leasing.lock().await;
        if self.take_from_slice(application) {
            return Ok(());
        }
        let now = self.clock.now();
        let (leased, until) = self.lease(application, limit).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the budget could not be read");
            Err(now.saturating_add(SignedDuration::from_secs(5)).unwrap_or(Timestamp::MAX))
        })?;
        let mut slices = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        let slice = slices.entry(application.to_owned()).or_insert(Slice { left: 0, until });
        *slice = Slice { left: leased - 1, until };
        Ok(())
    }

    async fn pause(&self, application: &str, until: Timestamp) {
        self.slices.lock().unwrap_or_else(PoisonError::into_inner).remove(application);
        let paused = async {
            let mut tx = self.db.write().await?;
            tx.pause_budget(application, until, self.clock.now()).await?;
            tx.commit().await
        };
        if let Err(error) = paused.await {
            tracing::error!(%error, "the budget could not be paused");
        }
    }
}

//! How big the database is, looked at now and then only.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use store::Sizes;
use tokio::sync::Mutex;

use crate::{Engine, Result};

/// Looking costs, and sizes do not leap.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

/// How big the database was, and when.
#[derive(Default)]
pub(crate) struct KnownSizes(Mutex<Option<(Timestamp, Arc<Sizes>)>>);

impl Engine {
    /// How big the database is, as it was at most a minute ago.
    pub async fn sizes(&self) -> Result<Arc<Sizes>> {
        let now = self.clock.now();
        // Held while looking: those who ask meanwhile wait for the same answer.
        let mut known = self.known_sizes.0.lock().await;
        if let Some((at, sizes)) = &*known
            && now.duration_since(*at).abs() < FRESH
        {
            return Ok(sizes.clone());
        }
        let sizes = Arc::new(self.db.read().await?.sizes().await?);
        *known = Some((now, sizes.clone()));
        Ok(sizes)
    }
}

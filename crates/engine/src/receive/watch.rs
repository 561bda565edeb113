//! Deliveries for those who watch over them.

use model::DeliveryId;
use store::{Delivery, DeliveryCount, DeliveryQuery};

use crate::{Engine, Result};

impl Engine {
    /// Deliveries, the newest first, with what they tell of.
    pub async fn deliveries(&self, wanted: &DeliveryQuery) -> Result<Vec<Delivery>> {
        Ok(self.db.read().await?.deliveries(wanted).await?)
    }

    /// One delivery.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Delivery> {
        Ok(self.db.read().await?.delivery(id).await?)
    }

    /// How many deliveries there are, by provider and state.
    pub async fn delivery_counts(&self) -> Result<Vec<DeliveryCount>> {
        Ok(self.db.read().await?.count_deliveries().await?)
    }
}

//! Keeps deliveries: many in one commit, each sealed by the key of its day.

use std::collections::HashSet;

use jiff::Timestamp;
use model::{DeliveryId, DeliveryState};
use sqlx::{AssertSqlSafe, query_scalar};

use super::place;
use crate::{
    Db, Result, Tx, Write,
    db::on,
    many::{pieces, rows},
    receive_key::day_of,
};

const COLUMNS: usize = 9;

/// A delivery to keep.
#[derive(Clone)]
pub struct NewDelivery {
    pub provider: String,
    pub body: Vec<u8>,
    pub signed_at: Option<Timestamp>,
    pub received_at: Timestamp,
}

/// What a delivery was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    New,
    /// The same one waits to be opened: nothing was kept.
    Twin,
}

struct Sealed {
    id: String,
    provider: String,
    digest: String,
    day: String,
    received_at: i64,
    signed_at: Option<i64>,
    body: Vec<u8>,
}

impl Sealed {
    /// Where the index has it that knows twins.
    fn place(&self) -> (&str, &str) {
        (&self.provider, &self.digest)
    }
}

impl Db {
    /// Keeps deliveries in one commit. Once this has returned they outlive whatever happens to this process.
    pub async fn keep_deliveries(&self, deliveries: Vec<NewDelivery>) -> Result<Vec<Arrival>> {
        let mut sealed = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            sealed.push(self.seal_delivery(delivery).await?);
        }
        // The answers keep the order of the calls; the rows go in by one order for everybody, or two would block each other.
        let ids: Vec<_> = sealed.iter().map(|delivery| delivery.id.clone()).collect();
        sealed.sort_by(|one, other| one.place().cmp(&other.place()));
        let mut tx = self.write().await?;
        let mut new = HashSet::with_capacity(sealed.len());
        for piece in pieces(&sealed) {
            new.extend(tx.insert_deliveries(piece).await?);
        }
        tx.commit().await?;
        let arrival = |id: &String| if new.contains(id) { Arrival::New } else { Arrival::Twin };
        Ok(ids.iter().map(arrival).collect())
    }

    async fn seal_delivery(&self, delivery: NewDelivery) -> Result<Sealed> {
        let NewDelivery { provider, body, signed_at, received_at } = delivery;
        let day = day_of(received_at);
        let key = self.receive_key(day).await?;
        let id: DeliveryId = self.random().id(received_at);
        let id = id.to_string();
        Ok(Sealed {
            digest: key.digest_of(&[provider.as_bytes(), b"\n", &body]),
            body: key.seal(self.random(), &place(&id), &body)?,
            id,
            provider,
            day: day.to_string(),
            received_at: received_at.as_millisecond(),
            signed_at: signed_at.map(Timestamp::as_millisecond),
        })
    }
}

impl Tx<Write> {
    /// Says which are new.
    async fn insert_deliveries(&mut self, deliveries: &[Sealed]) -> Result<Vec<String>> {
        let sql = AssertSqlSafe(format!(
            "insert into deliveries (id, provider, state, digest, receive_day, received_at, signed_at, body_sealed, run_at) \
             values {} on conflict (provider, digest) where state = 'received' do nothing returning id",
            rows(COLUMNS, deliveries.len())
        ));
        let new: Vec<String> = on!(self, |db| deliveries
            .iter()
            .fold(query_scalar(sql), |query, delivery| {
                query
                    .bind(&delivery.id)
                    .bind(&delivery.provider)
                    .bind(DeliveryState::Received.as_str())
                    .bind(&delivery.digest)
                    .bind(&delivery.day)
                    .bind(delivery.received_at)
                    .bind(delivery.signed_at)
                    .bind(delivery.body.as_slice())
                    .bind(delivery.received_at)
            })
            .fetch_all(&mut **db))?;
        self.changed |= !new.is_empty();
        Ok(new)
    }
}

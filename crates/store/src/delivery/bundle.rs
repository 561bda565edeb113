//! Bundles: what was received together is kept in one row, sealed by the key of its day, until it is opened.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{BundleId, DeliveryId};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, FromRow, query, query_as};

use super::{Unopened, open::Contents};
use crate::{
    Db, Error, Result, Tx, Write,
    db::{change, on},
    receive_key::day_of,
    row::Row,
};

const ROW: Row = Row("bundles");

fn place(id: &str) -> String {
    format!("bundle:{id}")
}

/// A delivery to keep.
#[derive(Clone)]
pub struct NewDelivery {
    pub provider: String,
    pub body: Vec<u8>,
    pub signed_at: Option<Timestamp>,
    pub received_at: Timestamp,
}

/// Deliveries of one provider that were received together, still sealed.
#[derive(Clone, Debug)]
pub struct Bundle {
    id: String,
    pub provider: String,
    deliveries: i64,
    day: String,
    received_at: i64,
    sealed: Vec<u8>,
}

#[derive(FromRow)]
struct BundleRow {
    id: String,
    provider: String,
    deliveries: i64,
    receive_day: String,
    received_at: i64,
    body_sealed: Vec<u8>,
}

/// What stands before each delivery's bytes.
#[derive(Serialize, Deserialize)]
struct Head {
    id: DeliveryId,
    received_at: i64,
    signed_at: Option<i64>,
    length: usize,
}

impl Db {
    /// Keeps deliveries in one commit. Once this has returned they outlive whatever happens to this process.
    pub async fn keep_deliveries(&self, deliveries: Vec<NewDelivery>) -> Result<Vec<()>> {
        let answers = vec![(); deliveries.len()];
        let mut by_provider: BTreeMap<String, Vec<NewDelivery>> = BTreeMap::new();
        for delivery in deliveries {
            by_provider.entry(delivery.provider.clone()).or_default().push(delivery);
        }
        let mut bundles = Vec::new();
        for (provider, deliveries) in by_provider {
            bundles.push(self.seal_bundle(provider, &deliveries).await?);
        }
        let mut tx = self.write().await?;
        for bundle in &bundles {
            tx.put_bundle(bundle, bundle.received_at).await?;
        }
        tx.commit().await?;
        Ok(answers)
    }

    async fn seal_bundle(&self, provider: String, deliveries: &[NewDelivery]) -> Result<Bundle> {
        let received_at = deliveries.iter().map(|delivery| delivery.received_at).min().unwrap_or_default();
        let day = day_of(received_at);
        let key = self.receive_key(day).await?;
        let id: BundleId = self.random().id(received_at);
        let id = id.to_string();
        let mut packed = Vec::new();
        for delivery in deliveries {
            pack(self.random().id(delivery.received_at), delivery, &mut packed)?;
        }
        Ok(Bundle {
            sealed: key.seal(self.random(), &place(&id), &packed)?,
            id,
            provider,
            deliveries: i64::try_from(deliveries.len()).unwrap_or(i64::MAX),
            day: day.to_string(),
            received_at: received_at.as_millisecond(),
        })
    }
}

impl Tx<Write> {
    /// Takes the bundle out of the table that is due for longest. It is opened in this transaction, or put back.
    pub async fn take_bundle(&mut self, now: Timestamp) -> Result<Option<Bundle>> {
        let sql = AssertSqlSafe(format!(
            "delete from bundles where id = (select id from bundles where run_at <= $1 order by run_at, id limit 1{}) \
             returning id, provider, deliveries, receive_day, received_at, body_sealed",
            self.skip_locked()
        ));
        let row: Option<BundleRow> =
            on!(self, |db| query_as(sql).bind(now.as_millisecond()).fetch_optional(&mut **db))?;
        self.changed |= row.is_some();
        Ok(row.map(|row| Bundle {
            id: row.id,
            provider: row.provider,
            deliveries: row.deliveries,
            day: row.receive_day,
            received_at: row.received_at,
            sealed: row.body_sealed,
        }))
    }

    /// Puts a bundle back that was taken and cannot be opened: it is to be taken again at an instant.
    pub async fn put_bundle_back(&mut self, bundle: &Bundle, run_at: Timestamp) -> Result<()> {
        self.put_bundle(bundle, run_at.as_millisecond()).await
    }

    async fn put_bundle(&mut self, bundle: &Bundle, run_at: i64) -> Result<()> {
        const SQL: &str = "insert into bundles (id, provider, deliveries, receive_day, received_at, run_at, body_sealed) \
                           values ($1, $2, $3, $4, $5, $6, $7)";
        change!(self, |db| query(SQL)
            .bind(&bundle.id)
            .bind(&bundle.provider)
            .bind(bundle.deliveries)
            .bind(&bundle.day)
            .bind(bundle.received_at)
            .bind(run_at)
            .bind(bundle.sealed.as_slice())
            .execute(&mut **db))?;
        Ok(())
    }

    /// What is in a bundle.
    pub async fn open_bundle(&mut self, bundle: &Bundle) -> Result<Vec<Unopened>> {
        let packed = self.receive_key(&bundle.day).await?.open(&place(&bundle.id), &bundle.sealed)?;
        let (mut rest, mut deliveries) = (packed.as_slice(), Vec::new());
        while !rest.is_empty() {
            let (head, body, after) = unpack(rest).ok_or(Error::corrupt("bundles", "body_sealed"))?;
            deliveries.push(Unopened {
                id: head.id,
                provider: bundle.provider.clone(),
                received_at: ROW.time("received_at", head.received_at)?,
                signed_at: ROW.time_opt("signed_at", head.signed_at)?,
                tries: 0,
                day: bundle.day.clone(),
                contents: Contents::Plain(body.to_vec()),
            });
            rest = after;
        }
        Ok(deliveries)
    }
}

/// A line that says what follows, then the bytes as they came.
fn pack(id: DeliveryId, delivery: &NewDelivery, packed: &mut Vec<u8>) -> Result<()> {
    let head = Head {
        id,
        received_at: delivery.received_at.as_millisecond(),
        signed_at: delivery.signed_at.map(Timestamp::as_millisecond),
        length: delivery.body.len(),
    };
    serde_json::to_writer(&mut *packed, &head).map_err(|_| Error::corrupt("bundles", "body_sealed"))?;
    packed.push(b'\n');
    packed.extend_from_slice(&delivery.body);
    Ok(())
}

/// The first delivery, and what follows it.
fn unpack(packed: &[u8]) -> Option<(Head, &[u8], &[u8])> {
    let end = packed.iter().position(|byte| *byte == b'\n')?;
    let head: Head = serde_json::from_slice(&packed[..end]).ok()?;
    let (body, rest) = packed[end + 1..].split_at_checked(head.length)?;
    Some((head, body, rest))
}

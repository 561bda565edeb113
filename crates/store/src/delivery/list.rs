//! Deliveries for those who watch over them.

use std::collections::HashMap;

use jiff::Timestamp;
use model::{DeliveryId, DeliveryState};
use sqlx::{AssertSqlSafe, FromRow, query_as};

use super::ROW;
use crate::{Error, ListedNotice, Mode, Result, Tx, db::on};

/// Which deliveries to read, the newest first.
#[derive(Clone, Debug, Default)]
pub struct DeliveryQuery {
    pub provider: Option<String>,
    pub state: Option<DeliveryState>,
    /// Only deliveries before this one.
    pub before: Option<DeliveryId>,
    pub limit: i64,
}

/// A delivery, and what it tells of.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: DeliveryId,
    pub provider: String,
    pub state: DeliveryState,
    pub received_at: Timestamp,
    pub signed_at: Option<Timestamp>,
    pub settled_at: Option<Timestamp>,
    pub why: Option<String>,
    /// Empty until it is opened.
    pub notices: Vec<ListedNotice>,
}

/// How many deliveries of a provider are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryCount {
    pub provider: String,
    pub state: DeliveryState,
    pub count: i64,
    /// When the newest of them was received.
    pub last_received_at: Timestamp,
}

#[derive(FromRow)]
struct DeliveryRow {
    id: String,
    provider: String,
    state: String,
    received_at: i64,
    signed_at: Option<i64>,
    settled_at: Option<i64>,
    why: Option<String>,
}

#[derive(FromRow)]
struct CountRow {
    provider: String,
    state: String,
    count: i64,
    received_at: i64,
}

const COLUMNS: &str = "select id, provider, state, received_at, signed_at, settled_at, why from deliveries";

impl DeliveryRow {
    fn read(self, notices: Vec<ListedNotice>) -> Result<Delivery> {
        Ok(Delivery {
            id: ROW.parse("id", &self.id)?,
            provider: self.provider,
            state: ROW.parse("state", &self.state)?,
            received_at: ROW.time("received_at", self.received_at)?,
            signed_at: ROW.time_opt("signed_at", self.signed_at)?,
            settled_at: ROW.time_opt("settled_at", self.settled_at)?,
            why: self.why,
            notices,
        })
    }
}

impl<M: Mode> Tx<M> {
    /// Deliveries, the newest first, with what they tell of.
    pub async fn deliveries(&mut self, wanted: &DeliveryQuery) -> Result<Vec<Delivery>> {
        // What is not asked for is left out of the text, so that an index serves the rest.
        let sql = AssertSqlSafe(format!(
            "{COLUMNS} where {} and {} and {} order by id desc limit $4",
            if wanted.provider.is_some() { "provider = $1" } else { "$1 = ''" },
            if wanted.state.is_some() { "state = $2" } else { "$2 = ''" },
            if wanted.before.is_some() { "id < $3" } else { "$3 = ''" },
        ));
        let rows: Vec<DeliveryRow> = on!(self, |db| query_as(sql)
            .bind(wanted.provider.as_deref().unwrap_or_default())
            .bind(wanted.state.map_or("", DeliveryState::as_str))
            .bind(wanted.before.map(|id| id.to_string()).unwrap_or_default())
            .bind(wanted.limit)
            .fetch_all(&mut **db))?;
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        let mut notices: HashMap<String, Vec<ListedNotice>> = HashMap::new();
        for (delivery, told) in self.told_by(&ids).await? {
            notices.entry(delivery).or_default().push(told);
        }
        rows.into_iter()
            .map(|row| {
                let notices = notices.remove(&row.id).unwrap_or_default();
                row.read(notices)
            })
            .collect()
    }

    /// A delivery that must exist.
    pub async fn delivery(&mut self, id: DeliveryId) -> Result<Delivery> {
        let sql = AssertSqlSafe(format!("{COLUMNS} where id = $1"));
        let row: Option<DeliveryRow> = on!(self, |db| query_as(sql).bind(id.to_string()).fetch_optional(&mut **db))?;
        let row = row.ok_or(Error::NotFound("delivery"))?;
        let notices = self.told_by(std::slice::from_ref(&row.id)).await?;
        row.read(notices.into_iter().map(|(_, told)| told).collect())
    }

    /// How many deliveries there are, by provider and state. What is still in bundles counts as received.
    pub async fn count_deliveries(&mut self) -> Result<Vec<DeliveryCount>> {
        const SQL: &str = "select provider, state, cast(sum(many) as bigint) as count, max(newest) as received_at from (\
            select counted.provider, counted.state, counted.many, deliveries.received_at as newest from \
            (select provider, state, count(*) as many, max(id) as last from deliveries group by state, provider) as counted \
            join deliveries on deliveries.id = counted.last union all \
            select provider, 'received', sum(deliveries), max(received_at) from bundles group by provider) as found \
            group by provider, state order by provider, state";
        let rows: Vec<CountRow> = on!(self, |db| query_as(SQL).fetch_all(&mut **db))?;
        rows.into_iter()
            .map(|row| {
                Ok(DeliveryCount {
                    provider: row.provider,
                    state: ROW.parse("state", &row.state)?,
                    count: row.count,
                    last_received_at: ROW.time("received_at", row.received_at)?,
                })
            })
            .collect()
    }
}

//! Opens what was received, and writes down what became of it.

use jiff::Timestamp;
use model::{DeliveryId, DeliveryState};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};

use super::{ROW, place};
use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    many::{lists, placeholders},
};

/// A delivery that was received, and of which nobody knows yet what it says.
#[derive(Clone)]
pub struct Unopened {
    pub id: DeliveryId,
    pub provider: String,
    pub received_at: Timestamp,
    pub(super) signed_at: Option<Timestamp>,
    /// How often opening it has failed.
    pub tries: i64,
    pub(super) day: String,
    pub(super) contents: Contents,
}

/// What a delivery says.
#[derive(Clone)]
pub(super) enum Contents {
    /// As it came out of a bundle: the delivery has no row of its own yet.
    Plain(Vec<u8>),
    /// As it stands in its row.
    Sealed(Vec<u8>),
}

impl Unopened {
    pub(super) fn is_of_a_bundle(&self) -> bool {
        matches!(self.contents, Contents::Plain(_))
    }

    /// Whether another one is the same, byte for byte; what is still sealed is the same as nothing.
    pub fn is_twin_of(&self, other: &Self) -> bool {
        match (&self.contents, &other.contents) {
            (Contents::Plain(one), Contents::Plain(another)) => one == another && self.provider == other.provider,
            _ => false,
        }
    }
}

#[derive(FromRow)]
struct UnopenedRow {
    id: String,
    provider: String,
    receive_day: String,
    received_at: i64,
    signed_at: Option<i64>,
    body_sealed: Option<Vec<u8>>,
    tries: i64,
}

impl UnopenedRow {
    fn read(self) -> Result<Unopened> {
        Ok(Unopened {
            id: ROW.parse("id", &self.id)?,
            provider: self.provider,
            received_at: ROW.time("received_at", self.received_at)?,
            signed_at: ROW.time_opt("signed_at", self.signed_at)?,
            tries: self.tries,
            day: self.receive_day,
            contents: Contents::Sealed(self.body_sealed.ok_or(Error::corrupt("deliveries", "body_sealed"))?),
        })
    }
}

impl<M: Mode> Tx<M> {
    /// The body of a delivery, byte for byte.
    pub async fn open_delivery(&mut self, delivery: &Unopened) -> Result<Vec<u8>> {
        match &delivery.contents {
            Contents::Plain(body) => Ok(body.clone()),
            Contents::Sealed(sealed) => {
                self.receive_key(&delivery.day).await?.open(&place(&delivery.id.to_string()), sealed)
            }
        }
    }

    /// When the next delivery is to be opened.
    pub async fn next_unopened(&mut self) -> Result<Option<Timestamp>> {
        // Deliveries with rows of their own are few: those that were put off, or are replayed.
        const SQL: &str = "select min(run_at) from (select min(run_at) as run_at from bundles union all \
            select min(run_at) from deliveries where state = 'received') as due";
        let millis: Option<i64> = on!(self, |db| query_scalar(SQL).fetch_one(&mut **db))?;
        ROW.time_opt("run_at", millis)
    }

    /// The oldest deliveries with rows of their own that are to be opened.
    pub async fn due_deliveries(&mut self, now: Timestamp, limit: i64) -> Result<Vec<DeliveryId>> {
        const SQL: &str = "select id from deliveries where state = 'received' and run_at <= $1 order by id limit $2";
        let ids: Vec<String> =
            on!(self, |db| query_scalar(SQL).bind(now.as_millisecond()).bind(limit).fetch_all(&mut **db))?;
        ids.iter().map(|id| ROW.parse("id", id)).collect()
    }
}

impl Tx<Write> {
    /// Takes the oldest deliveries with rows of their own that are to be opened, or one of them: nobody else has them
    /// until the transaction ends.
    pub async fn take_deliveries(
        &mut self,
        one: Option<DeliveryId>,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<Unopened>> {
        let sql = AssertSqlSafe(format!(
            "select id, provider, receive_day, received_at, signed_at, body_sealed, tries from deliveries \
             where state = 'received' and run_at <= $1 and {} order by id limit $3{}",
            if one.is_some() { "id = $2" } else { "$2 = ''" },
            self.skip_locked()
        ));
        let rows: Vec<UnopenedRow> = on!(self, |db| query_as(sql)
            .bind(now.as_millisecond())
            .bind(one.map(|id| id.to_string()).unwrap_or_default())
            .bind(limit)
            .fetch_all(&mut **db))?;
        rows.into_iter().map(UnopenedRow::read).collect()
    }

    /// Moves deliveries on that were opened. The body of what nobody here has is kept: somebody may connect it yet.
    pub(super) async fn move_opened(&mut self, ids: &[DeliveryId], state: DeliveryState, now: Timestamp) -> Result<()> {
        for ids in lists(ids) {
            let sql = AssertSqlSafe(format!(
                "update deliveries set state = $1, why = null, settled_at = case when $1 = 'waiting' then null else $2 end, \
                 body_sealed = case when $1 = 'unmatched' then body_sealed end where id in ({})",
                placeholders(3, ids.len())
            ));
            change!(self, |db| ids
                .iter()
                .fold(query(sql).bind(state.as_str()).bind(now.as_millisecond()), |query, id| query
                    .bind(id.to_string()))
                .execute(&mut **db))?;
        }
        Ok(())
    }

    /// Puts the opening of a delivery off.
    pub async fn put_off_delivery(&mut self, id: DeliveryId, why: &str, run_at: Timestamp) -> Result<()> {
        const SQL: &str =
            "update deliveries set why = $2, run_at = $3, tries = tries + 1 where id = $1 and state = 'received'";
        change!(self, |db| query(SQL).bind(id.to_string()).bind(why).bind(run_at.as_millisecond()).execute(&mut **db))?;
        Ok(())
    }

    /// Settles those deliveries whose last notice has settled, and says what they came to.
    pub async fn settle_deliveries(&mut self, ids: &[DeliveryId], now: Timestamp) -> Result<Vec<DeliveryState>> {
        let mut settled = Vec::new();
        for ids in lists(ids) {
            // Locked first, in one order: of two that each settle one notice, the second sees what the first has done.
            let lock = AssertSqlSafe(format!(
                "select id from deliveries where id in ({}) order by id{}",
                placeholders(1, ids.len()),
                self.for_update()
            ));
            let _: Vec<String> = on!(self, |db| ids
                .iter()
                .fold(query_scalar(lock), |query, id| query.bind(id.to_string()))
                .fetch_all(&mut **db))?;
            let settle = AssertSqlSafe(format!(
                "update deliveries set settled_at = $1, why = (select min(why) from notices \
                 where delivery_id = deliveries.id and state = 'dead'), state = case when exists (select 1 from notices \
                 where delivery_id = deliveries.id and state = 'dead') then 'dead' else 'applied' end \
                 where id in ({}) and state = 'waiting' and not exists (select 1 from notices \
                 where delivery_id = deliveries.id and state = 'waiting') returning state",
                placeholders(2, ids.len())
            ));
            let states: Vec<String> = on!(self, |db| ids
                .iter()
                .fold(query_scalar(settle).bind(now.as_millisecond()), |query, id| query.bind(id.to_string()))
                .fetch_all(&mut **db))?;
            for state in states {
                settled.push(ROW.parse("state", &state)?);
            }
        }
        Ok(settled)
    }

    /// Has a delivery opened again, if its body is still here.
    pub async fn reopen_delivery(&mut self, id: DeliveryId, now: Timestamp) -> Result<bool> {
        const SQL: &str = "update deliveries set state = 'received', why = null, tries = 0, run_at = $2, settled_at = null \
                           where id = $1 and body_sealed is not null";
        Ok(change!(self, |db| query(SQL).bind(id.to_string()).bind(now.as_millisecond()).execute(&mut **db))
            .map_err(Error::on_conflict("another one of the same content, which waits to be opened,"))?
            == 1)
    }

    /// Has what a delivery speaks of fetched again.
    pub async fn await_notices(&mut self, id: DeliveryId) -> Result<()> {
        const SQL: &str = "update deliveries set state = 'waiting', why = null, settled_at = null where id = $1";
        change!(self, |db| query(SQL).bind(id.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Deletes some deliveries that settled before an instant, and their notices. Says how many.
    pub async fn sweep_deliveries(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        const OLD: &str = "select id from deliveries where settled_at < $1 order by id limit $2";
        let ids: Vec<String> =
            on!(self, |db| query_scalar(OLD).bind(before.as_millisecond()).bind(limit).fetch_all(&mut **db))?;
        let mut deleted = 0;
        for ids in lists(&ids) {
            self.delete_where("notices", "delivery_id", &ids).await?;
            deleted += self.delete_where("deliveries", "id", &ids).await?;
        }
        Ok(deleted)
    }

    async fn delete_where(&mut self, table: &str, column: &str, ids: &[String]) -> Result<u64> {
        let sql = AssertSqlSafe(format!("delete from {table} where {column} in ({})", placeholders(1, ids.len())));
        Ok(change!(self, |db| ids.iter().fold(query(sql), |query, id| query.bind(id)).execute(&mut **db))?)
    }
}

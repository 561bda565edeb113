//! Notices that have waited too long for a connection that is not in use.

use jiff::Timestamp;
use model::DeliveryId;
use sqlx::query_scalar;

use crate::{Result, Tx, Write, db::on, row::Row};

const ROW: Row = Row("notices");

impl Tx<Write> {
    /// Ignores some notices from before an instant whose connections are not active, and settles what now waits for
    /// nothing more. Says how many.
    pub async fn ignore_overdue_notices(
        &mut self,
        before: Timestamp,
        why: &str,
        now: Timestamp,
        limit: i64,
    ) -> Result<u64> {
        const SQL: &str = "update notices set state = 'ignored', why = $2, settled_at = $3 where state = 'waiting' and id in \
            (select notices.id from connections join notices on notices.connection_id = connections.id \
            where connections.state <> 'active' and notices.state = 'waiting' and notices.received_at < $1 \
            order by notices.id limit $4) returning delivery_id";
        let deliveries: Vec<String> = on!(self, |db| query_scalar(SQL)
            .bind(before.as_millisecond())
            .bind(why)
            .bind(now.as_millisecond())
            .bind(limit)
            .fetch_all(&mut **db))?;
        let ignored = deliveries.len() as u64;
        self.changed |= ignored > 0;
        let mut deliveries: Vec<DeliveryId> =
            deliveries.iter().map(|id| ROW.parse("delivery_id", id)).collect::<Result<_>>()?;
        deliveries.sort_unstable();
        deliveries.dedup();
        self.settle_deliveries(&deliveries, now).await?;
        Ok(ignored)
    }
}

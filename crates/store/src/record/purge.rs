//! Removes records because of their age.

use jiff::{Timestamp, civil::Date};
use model::{ConnectionId, Kind, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as};

use super::{OWNED, ROW, RemovedRow, list};
use crate::{
    NewChange, Result, Tx, Write,
    db::{change, on},
};

#[derive(FromRow)]
struct PurgedRow {
    connection_id: String,
    #[sqlx(flatten)]
    removed: RemovedRow,
}

impl Tx<Write> {
    /// Leaves only tombstones of some of a person's records of days before another; says of which, the oldest first.
    pub async fn purge_records(
        &mut self,
        user: UserId,
        before: Date,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<(ConnectionId, NewChange)>> {
        // Naming all kinds lets the index on kinds and days find the old ones.
        let sql = AssertSqlSafe(format!(
            "update records set removed_at = $4, purged_at = $4, updated_at = $4, body_sealed = null, starts_at = null, \
             ends_at = null where {OWNED} and id in (select id from records where user_id = $1 and kind in ({}) \
             and day < $2 and removed_at is null limit $3) returning connection_id, id, kind, day",
            list(Kind::ALL)
        ));
        let rows: Vec<PurgedRow> = on!(self, |db| query_as(sql)
            .bind(user.to_string())
            .bind(before.to_string())
            .bind(limit)
            .bind(now.as_millisecond())
            .fetch_all(&mut **db))?;
        let read = |row: &PurgedRow| Ok((ROW.parse("connection_id", &row.connection_id)?, row.removed.read()?));
        let mut purged = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        purged.sort_by_key(|(connection, change)| (*connection, change.day, change.record_id));
        Ok(purged)
    }

    /// Deletes some tombstones of records that were purged before an instant and that no page could bring back.
    pub async fn sweep_tombstones(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        const SQL: &str = "delete from records where id in (select id from records where purged_at < $1 \
            and not exists (select 1 from page_records where page_records.record_id = records.id) \
            and not exists (select 1 from pages where pages.connection_id = records.connection_id \
            and pages.skipped is null) limit $2)";
        Ok(change!(self, |db| query(SQL).bind(before.as_millisecond()).bind(limit).execute(&mut **db))?)
    }
}

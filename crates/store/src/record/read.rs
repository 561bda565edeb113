//! Reads records: one, those of some days, or the newest of each kind.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::{ConnectionId, Kind, RecordId, StoredRecord, UserId};
use sqlx::{AssertSqlSafe, FromRow, query_as};

use super::{COLUMNS, OWNED, RecordRow, list};
use crate::{Error, Mode, Result, Tx, db::on};

/// Which records to read.
#[derive(Clone, Debug, Default)]
pub struct RecordQuery {
    pub kinds: Vec<Kind>,
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub provider: Option<String>,
    /// The day and id of the last record read.
    pub after: Option<(Option<Date>, RecordId)>,
    pub limit: i64,
}

#[derive(FromRow)]
struct CountRow {
    collection: String,
    records: i64,
}

impl<M: Mode> Tx<M> {
    /// A person's records in the order of their days.
    pub async fn records(&mut self, user: UserId, wanted: &RecordQuery) -> Result<Vec<StoredRecord>> {
        let kinds = if wanted.kinds.is_empty() { Kind::ALL } else { &wanted.kinds };
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS} from records where user_id = $1 and kind in ({}) and removed_at is null and coalesce(day, '') >= $2 \
             and (day <= $3 or day is null) and (coalesce(day, '') > $4 or (coalesce(day, '') = $4 and id > $5)) \
             and ($6 = '' or connection_id in (select id from connections where user_id = $1 and provider = $6)) \
             order by coalesce(day, ''), id limit $7",
            list(kinds)
        ));
        let text = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let (after_day, after_id) = match wanted.after {
            Some((day, id)) => (text(day), id.to_string()),
            None => Default::default(),
        };
        let rows: Vec<RecordRow> = on!(self, |db| query_as(sql)
            .bind(user.to_string())
            .bind(text(wanted.from))
            .bind(wanted.to.map_or_else(|| "9999-12-31".to_owned(), |day| day.to_string()))
            .bind(&after_day)
            .bind(&after_id)
            .bind(wanted.provider.as_deref().unwrap_or_default())
            .bind(wanted.limit)
            .fetch_all(&mut **db))?;
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            records.push(self.stored(user, row).await?);
        }
        Ok(records)
    }

    /// The newest records of each kind and connection since a day; those without a day count as well.
    pub async fn newest_records(
        &mut self,
        user: UserId,
        kinds: &[Kind],
        since: Date,
        of_each: i64,
    ) -> Result<Vec<StoredRecord>> {
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS} from records where {OWNED} and id in (select id from (select id, row_number() over \
             (partition by connection_id, kind order by coalesce(day, '') desc, updated_at desc, id desc) as place \
             from records where user_id = $1 and kind in ({}) and removed_at is null and (day >= $2 or day is null)) \
             as newest where place <= $3) \
             order by connection_id, kind, coalesce(day, '') desc, updated_at desc, id desc",
            list(kinds)
        ));
        let rows: Vec<RecordRow> = on!(self, |db| query_as(sql)
            .bind(user.to_string())
            .bind(since.to_string())
            .bind(of_each)
            .fetch_all(&mut **db))?;
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            records.push(self.stored(user, row).await?);
        }
        Ok(records)
    }

    /// One record of a person.
    pub async fn record(&mut self, user: UserId, id: RecordId) -> Result<StoredRecord> {
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS} from records where user_id = $1 and id = $2 and removed_at is null"
        ));
        let row: Option<RecordRow> =
            on!(self, |db| query_as(sql).bind(user.to_string()).bind(id.to_string()).fetch_optional(&mut **db))?;
        self.stored(user, row.ok_or(Error::NotFound("record"))?).await
    }

    /// How many records each collection of a connection has.
    pub async fn count_records(&mut self, user: UserId, connection: ConnectionId) -> Result<BTreeMap<String, i64>> {
        const SQL: &str = "select collection, count(*) as records from records \
            where user_id = $1 and connection_id = $2 and removed_at is null group by collection";
        let rows: Vec<CountRow> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_all(&mut **db))?;
        Ok(rows.into_iter().map(|row| (row.collection, row.records)).collect())
    }
}

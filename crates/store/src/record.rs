//! Normalised facts, their bodies sealed by their connection's key.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use model::{ChangeType, ConnectionId, Kind, Record, RecordId, StoredRecord, UserId, Window, record::Body};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, NewChange, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

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

/// What is kept of a record, as far as `apply` must know.
#[derive(Clone, Debug)]
pub struct Kept {
    pub id: RecordId,
    pub generation: i64,
    pub revision: i64,
    pub removed: bool,
    /// The content; none once it was removed.
    pub record: Option<Record>,
}

#[derive(FromRow)]
struct RecordRow {
    id: String,
    connection_id: String,
    kind: String,
    provider_id: String,
    day: Option<String>,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
    zone_offset_seconds: Option<i64>,
    generation: i64,
    revision: i64,
    body_sealed: Option<Vec<u8>>,
    updated_at: i64,
    removed_at: Option<i64>,
}

#[derive(FromRow)]
struct DeletedRow {
    id: String,
    kind: String,
    day: Option<String>,
    removed_at: Option<i64>,
}

#[derive(FromRow)]
struct CountRow {
    collection: String,
    records: i64,
}

const ROW: Row = Row("records");
const COLUMNS: &str = "id, connection_id, kind, provider_id, day, starts_at, ends_at, zone_offset_seconds, \
                       generation, revision, body_sealed, updated_at, removed_at";

/// Kinds as SQL: they are words of our own, never a caller's text.
fn list(kinds: &[Kind]) -> String {
    let quoted: Vec<_> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
    quoted.join(", ")
}

fn place(connection: ConnectionId, kind: Kind, provider_id: &str) -> String {
    format!("record:{connection}:{kind}:{provider_id}")
}

impl<M: Mode> Tx<M> {
    /// What is kept under a natural key.
    pub async fn find_kept(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        kind: Kind,
        provider_id: &str,
    ) -> Result<Option<Kept>> {
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS} from records where user_id = $1 and connection_id = $2 and kind = $3 and provider_id = $4"
        ));
        let row: Option<RecordRow> = on!(self, |db| query_as(sql)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(kind.as_str())
            .bind(provider_id)
            .fetch_optional(&mut **db))?;
        let Some(row) = row else { return Ok(None) };
        let record = if row.body_sealed.is_some() { Some(self.open_record(user, &row).await?) } else { None };
        Ok(Some(Kept {
            id: ROW.parse("id", &row.id)?,
            generation: row.generation,
            revision: row.revision,
            removed: row.removed_at.is_some(),
            record,
        }))
    }

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
            "select * from (select {COLUMNS}, row_number() over (partition by connection_id, kind \
             order by coalesce(day, '') desc, updated_at desc, id desc) as place from records \
             where user_id = $1 and kind in ({}) and removed_at is null and (day >= $2 or day is null)) as newest \
             where place <= $3",
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

    /// Records of a window that no fetch since a generation has brought.
    pub async fn unseen(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        collection: &str,
        window: Window,
        generation: i64,
    ) -> Result<Vec<(Kind, String)>> {
        const SQL: &str = "select kind, provider_id from records where user_id = $1 and connection_id = $2 \
            and collection = $3 and day >= $4 and day <= $5 and generation < $6 and removed_at is null order by id";
        let rows: Vec<(String, String)> = on!(self, |db| query_as(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(collection)
            .bind(window.from.to_string())
            .bind(window.to.to_string())
            .bind(generation)
            .fetch_all(&mut **db))?;
        rows.into_iter().map(|(kind, id)| Ok((ROW.parse("kind", &kind)?, id))).collect()
    }

    /// The natural keys of all records of a connection that are there.
    pub async fn natural_keys(&mut self, user: UserId, connection: ConnectionId) -> Result<Vec<(Kind, String)>> {
        const SQL: &str = "select kind, provider_id from records \
            where user_id = $1 and connection_id = $2 and removed_at is null order by id";
        let rows: Vec<(String, String)> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_all(&mut **db))?;
        rows.into_iter().map(|(kind, id)| Ok((ROW.parse("kind", &kind)?, id))).collect()
    }

    async fn stored(&mut self, user: UserId, row: RecordRow) -> Result<StoredRecord> {
        let connection: ConnectionId = ROW.parse("connection_id", &row.connection_id)?;
        Ok(StoredRecord {
            id: ROW.parse("id", &row.id)?,
            connection_id: connection,
            provider: self.provider_of(user, connection).await?,
            kind: ROW.parse("kind", &row.kind)?,
            revision: row.revision,
            updated_at: ROW.time("updated_at", row.updated_at)?,
            record: self.open_record(user, &row).await?,
        })
    }

    async fn provider_of(&mut self, user: UserId, connection: ConnectionId) -> Result<String> {
        if let Some(provider) = self.ring.providers.get(&connection) {
            return Ok(provider.clone());
        }
        const SQL: &str = "select provider from connections where user_id = $1 and id = $2";
        let provider: String =
            on!(self, |db| query_scalar(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_one(&mut **db))?;
        self.ring.providers.insert(connection, provider.clone());
        Ok(provider)
    }

    async fn open_record(&mut self, user: UserId, row: &RecordRow) -> Result<Record> {
        let connection = ROW.parse("connection_id", &row.connection_id)?;
        let kind = ROW.parse("kind", &row.kind)?;
        let sealed = row.body_sealed.as_deref().ok_or(Error::corrupt("records", "body_sealed"))?;
        let plain =
            self.connection_key(user, connection).await?.open(&place(connection, kind, &row.provider_id), sealed)?;
        let json = serde_json::from_slice(&plain).map_err(|_| Error::corrupt("records", "body_sealed"))?;
        Ok(Record {
            provider_id: row.provider_id.clone(),
            day: ROW.day("day", row.day.as_deref())?,
            starts_at: ROW.time_opt("starts_at", row.starts_at)?,
            ends_at: ROW.time_opt("ends_at", row.ends_at)?,
            zone_offset_seconds: row.zone_offset_seconds.and_then(|seconds| i32::try_from(seconds).ok()),
            body: Body::parse(kind, json).map_err(|_| Error::corrupt("records", "body_sealed"))?,
        })
    }
}

impl Tx<Write> {
    /// Writes a record: a new one, or a new revision of one that is kept.
    #[expect(clippy::too_many_arguments, reason = "only `apply` calls it, with all that a row is made of")]
    pub async fn put_record(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        collection: &str,
        kept: Option<&Kept>,
        record: &Record,
        generation: i64,
        now: Timestamp,
    ) -> Result<RecordId> {
        const SQL: &str = "insert into records (id, user_id, connection_id, collection, kind, provider_id, day, starts_at, \
            ends_at, zone_offset_seconds, generation, revision, body_sealed, created_at, updated_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14) \
            on conflict (connection_id, kind, provider_id) do update set collection = excluded.collection, \
            day = excluded.day, starts_at = excluded.starts_at, ends_at = excluded.ends_at, \
            zone_offset_seconds = excluded.zone_offset_seconds, generation = excluded.generation, \
            revision = excluded.revision, body_sealed = excluded.body_sealed, updated_at = excluded.updated_at, \
            removed_at = null";
        let kind = record.kind();
        let id = kept.map_or_else(|| self.random.id(now), |kept| kept.id);
        let revision = kept.map_or(1, |kept| kept.revision + 1);
        let plain = serde_json::to_vec(&record.body).map_err(|_| Error::corrupt("records", "body_sealed"))?;
        let key = self.connection_key(user, connection).await?;
        let sealed = key.seal(&self.random, &place(connection, kind, &record.provider_id), &plain)?;
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(collection)
            .bind(kind.as_str())
            .bind(&record.provider_id)
            .bind(record.day.map(|day| day.to_string()))
            .bind(record.starts_at.map(Timestamp::as_millisecond))
            .bind(record.ends_at.map(Timestamp::as_millisecond))
            .bind(record.zone_offset_seconds.map(i64::from))
            .bind(generation)
            .bind(revision)
            .bind(&sealed)
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        Ok(id)
    }

    /// Notes that a fetch has seen a record, or that it is still gone.
    pub async fn mark_seen(&mut self, user: UserId, id: RecordId, generation: i64) -> Result<()> {
        const SQL: &str = "update records set generation = $3 where user_id = $1 and id = $2 and generation < $3";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(id.to_string()).bind(generation).execute(&mut **db))?;
        Ok(())
    }

    /// Leaves only a tombstone of a record.
    pub async fn bury_record(&mut self, user: UserId, id: RecordId, generation: i64, now: Timestamp) -> Result<()> {
        const SQL: &str = "update records set removed_at = $4, updated_at = $4, generation = $3, body_sealed = null, \
            starts_at = null, ends_at = null where user_id = $1 and id = $2";
        change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(generation)
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }

    /// Leaves a tombstone of what was never here, so that an older answer on its way does not bring it.
    #[expect(clippy::too_many_arguments, reason = "only `apply` calls it, with all that a row is made of")]
    pub async fn put_tombstone(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        collection: &str,
        kind: Kind,
        provider_id: &str,
        generation: i64,
        now: Timestamp,
    ) -> Result<()> {
        const SQL: &str = "insert into records (id, user_id, connection_id, collection, kind, provider_id, generation, \
            revision, created_at, updated_at, removed_at) values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8, $8) \
            on conflict (connection_id, kind, provider_id) do nothing";
        let id: RecordId = self.random.id(now);
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(collection)
            .bind(kind.as_str())
            .bind(provider_id)
            .bind(generation)
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }

    /// Deletes all records of a connection, tombstones too, and says which were there.
    pub async fn delete_records(&mut self, user: UserId, connection: ConnectionId) -> Result<Vec<NewChange>> {
        const SQL: &str = "delete from records where user_id = $1 and connection_id = $2 \
                           returning id, kind, day, removed_at";
        let rows: Vec<DeletedRow> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_all(&mut **db))?;
        let there = rows.into_iter().filter(|row| row.removed_at.is_none());
        there
            .map(|row| {
                Ok(NewChange {
                    change_type: ChangeType::Removed,
                    record_id: ROW.parse("id", &row.id)?,
                    kind: ROW.parse("kind", &row.kind)?,
                    day: ROW.day("day", row.day.as_deref())?,
                })
            })
            .collect()
    }
}

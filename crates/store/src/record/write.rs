//! Writes records, many at a time.

use jiff::Timestamp;
use model::{ConnectionId, Kind, Record, RecordId, UserId};
use sqlx::{AssertSqlSafe, query, query_as};

use super::{Kept, OWNED, RemovedRow, place};
use crate::{
    Error, NewChange, Result, Tx, Write,
    db::{change, on},
    many::{lists, pieces, placeholders},
    seal::Key,
};

/// A record to write: a new one, or a new revision of one that is kept.
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    pub kept: Option<&'a Kept>,
    pub record: &'a Record,
}

/// A record as it goes into its row.
struct Sealed<'a> {
    id: RecordId,
    revision: i64,
    record: &'a Record,
    body: Vec<u8>,
}

impl Tx<Write> {
    /// Writes records of different natural keys, and says which they are.
    pub async fn put_records(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        collection: &str,
        puts: &[Put<'_>],
        generation: i64,
        now: Timestamp,
    ) -> Result<Vec<RecordId>> {
        if puts.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.connection_key(user, connection).await?;
        let sealed =
            puts.iter().map(|put| self.seal_record(&key, connection, *put, now)).collect::<Result<Vec<_>>>()?;
        for piece in pieces(&sealed) {
            self.put_piece(user, connection, collection, piece, generation, now).await?;
        }
        Ok(sealed.iter().map(|sealed| sealed.id).collect())
    }

    fn seal_record<'a>(
        &self,
        key: &Key,
        connection: ConnectionId,
        Put { kept, record }: Put<'a>,
        now: Timestamp,
    ) -> Result<Sealed<'a>> {
        let plain = serde_json::to_vec(&record.body).map_err(|_| Error::corrupt("records", "body_sealed"))?;
        let body = key.seal(&self.random, &place(connection, record.kind(), &record.provider_id), &plain)?;
        let id = kept.map_or_else(|| self.random.id(now), |kept| kept.id);
        Ok(Sealed { id, revision: kept.map_or(1, |kept| kept.revision + 1), record, body })
    }

    async fn put_piece(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        collection: &str,
        piece: &[Sealed<'_>],
        generation: i64,
        now: Timestamp,
    ) -> Result<()> {
        let sql = AssertSqlSafe(format!(
            "insert into records (id, user_id, connection_id, collection, kind, provider_id, day, starts_at, ends_at, \
             zone_offset_seconds, generation, revision, body_sealed, created_at, updated_at) values {} \
             on conflict (connection_id, kind, provider_id) do update set collection = excluded.collection, \
             day = excluded.day, starts_at = excluded.starts_at, ends_at = excluded.ends_at, \
             zone_offset_seconds = excluded.zone_offset_seconds, generation = excluded.generation, \
             revision = excluded.revision, body_sealed = excluded.body_sealed, updated_at = excluded.updated_at, \
             removed_at = null, purged_at = null",
            self.rows(15, piece.len())
        ));
        let (user, connection, now) = (user.to_string(), connection.to_string(), now.as_millisecond());
        change!(self, |db| {
            let mut query = query(sql);
            for Sealed { id, revision, record, body } in piece {
                query = query
                    .bind(id.to_string())
                    .bind(&user)
                    .bind(&connection)
                    .bind(collection)
                    .bind(record.kind().as_str())
                    .bind(&record.provider_id)
                    .bind(record.day.map(|day| day.to_string()))
                    .bind(record.starts_at.map(Timestamp::as_millisecond))
                    .bind(record.ends_at.map(Timestamp::as_millisecond))
                    .bind(record.zone_offset_seconds.map(i64::from))
                    .bind(generation)
                    .bind(revision)
                    .bind(body)
                    .bind(now)
                    .bind(now);
            }
            query.execute(&mut **db)
        })?;
        Ok(())
    }

    /// Notes that a fetch has seen records, or that they are still gone.
    pub async fn mark_seen(&mut self, user: UserId, ids: &[RecordId], generation: i64) -> Result<()> {
        for piece in lists(ids) {
            let sql = AssertSqlSafe(format!(
                "update records set generation = $2 where {OWNED} and generation < $2 and id in ({})",
                placeholders(3, piece.len())
            ));
            change!(self, |db| {
                let query = query(sql).bind(user.to_string()).bind(generation);
                piece.iter().fold(query, |query, id| query.bind(id.to_string())).execute(&mut **db)
            })?;
        }
        Ok(())
    }

    /// Leaves only tombstones of records.
    pub async fn bury_records(
        &mut self,
        user: UserId,
        ids: &[RecordId],
        generation: i64,
        now: Timestamp,
    ) -> Result<()> {
        for piece in lists(ids) {
            let sql = AssertSqlSafe(format!(
                "update records set removed_at = $3, updated_at = $3, generation = $2, body_sealed = null, \
                 starts_at = null, ends_at = null where {OWNED} and id in ({})",
                placeholders(4, piece.len())
            ));
            change!(self, |db| {
                let query = query(sql).bind(user.to_string()).bind(generation).bind(now.as_millisecond());
                piece.iter().fold(query, |query, id| query.bind(id.to_string())).execute(&mut **db)
            })?;
        }
        Ok(())
    }

    /// Leaves tombstones of what was never here, so that an older answer on its way does not bring it.
    pub async fn put_tombstones(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        collection: &str,
        keys: &[(Kind, String)],
        generation: i64,
        now: Timestamp,
    ) -> Result<()> {
        for piece in pieces(keys) {
            let sql = AssertSqlSafe(format!(
                "insert into records (id, user_id, connection_id, collection, kind, provider_id, generation, revision, \
                 created_at, updated_at, removed_at) values {} \
                 on conflict (connection_id, kind, provider_id) do nothing",
                self.rows(11, piece.len())
            ));
            let ids: Vec<RecordId> = piece.iter().map(|_| self.random.id(now)).collect();
            change!(self, |db| {
                let mut query = query(sql);
                for (id, (kind, provider_id)) in ids.iter().zip(piece) {
                    query = query
                        .bind(id.to_string())
                        .bind(user.to_string())
                        .bind(connection.to_string())
                        .bind(collection)
                        .bind(kind.as_str())
                        .bind(provider_id)
                        .bind(generation)
                        .bind(0_i64)
                        .bind(now.as_millisecond())
                        .bind(now.as_millisecond())
                        .bind(now.as_millisecond());
                }
                query.execute(&mut **db)
            })?;
        }
        Ok(())
    }

    /// Deletes all records of a connection, tombstones too, and says which were there.
    pub async fn delete_records(&mut self, user: UserId, connection: ConnectionId) -> Result<Vec<NewChange>> {
        const TOMBSTONES: &str =
            "delete from records where user_id = $1 and connection_id = $2 and removed_at is not null";
        const RECORDS: &str = "delete from records where user_id = $1 and connection_id = $2 returning id, kind, day";
        let (user, connection) = (user.to_string(), connection.to_string());
        change!(self, |db| query(TOMBSTONES).bind(&user).bind(&connection).execute(&mut **db))?;
        let rows: Vec<RemovedRow> =
            on!(self, |db| query_as(RECORDS).bind(&user).bind(&connection).fetch_all(&mut **db))?;
        rows.iter().map(RemovedRow::read).collect()
    }
}

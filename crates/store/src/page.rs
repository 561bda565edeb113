//! Answers fetched from providers, kept raw and sealed, the same one only once. They live as long as their records.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{ConnectionId, Kind, PageId, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    many::{lists, placeholders},
    record::OWNED,
    row::Row,
};

const LEVEL: i32 = 3;

/// An answer as it was fetched.
#[derive(Clone, Debug)]
pub struct RawPage {
    pub id: PageId,
    pub collection: String,
    pub generation: i64,
    pub fetched_at: Timestamp,
    pub body: Vec<u8>,
}

#[derive(FromRow)]
struct PageRow {
    id: String,
    collection: String,
    generation: i64,
    fetched_at: i64,
    digest: String,
    body_sealed: Vec<u8>,
}

const ROW: Row = Row("pages");
/// No record that a page tells of is living any more.
const UNUSED: &str = "not exists (select 1 from page_records join records on records.id = page_records.record_id \
                      where page_records.page_id = pages.id and records.removed_at is null)";

fn place(connection: ConnectionId, collection: &str, digest: &str) -> String {
    format!("page:{connection}:{collection}:{digest}")
}

impl<M: Mode> Tx<M> {
    /// A connection's pages in the order in which they were fetched, after a generation.
    pub async fn pages(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<RawPage>> {
        const SQL: &str = "select id, collection, generation, fetched_at, digest, body_sealed from pages \
            where user_id = $1 and connection_id = $2 and generation > $3 order by generation limit $4";
        let rows: Vec<PageRow> = on!(self, |db| query_as(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(after)
            .bind(limit)
            .fetch_all(&mut **db))?;
        let key = self.connection_key(user, connection).await?;
        rows.into_iter()
            .map(|row| {
                let packed = key.open(&place(connection, &row.collection, &row.digest), &row.body_sealed)?;
                let body = zstd::decode_all(packed.as_slice()).map_err(|_| Error::corrupt("pages", "body_sealed"))?;
                Ok(RawPage {
                    id: ROW.parse("id", &row.id)?,
                    collection: row.collection,
                    generation: row.generation,
                    fetched_at: ROW.time("fetched_at", row.fetched_at)?,
                    body,
                })
            })
            .collect()
    }

    /// Some pages after one of them that were mapped completely and of whose records none is living any more.
    pub async fn unused_pages(&mut self, after: Option<PageId>, limit: i64) -> Result<Vec<(UserId, PageId)>> {
        let sql = AssertSqlSafe(format!(
            "select user_id, id from pages where id > $1 and skipped = 0 and {UNUSED} order by id limit $2"
        ));
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows: Vec<(String, String)> = on!(self, |db| query_as(sql).bind(after).bind(limit).fetch_all(&mut **db))?;
        rows.into_iter().map(|(user, id)| Ok((ROW.parse("user_id", &user)?, ROW.parse("id", &id)?))).collect()
    }
}

impl Tx<Write> {
    /// Keeps an answer. One that came before is not kept twice, it only counts as fetched again.
    pub async fn keep_page(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        collection: &str,
        generation: i64,
        now: Timestamp,
        body: &[u8],
    ) -> Result<PageId> {
        let key = self.connection_key(user, connection).await?;
        let digest = key.digest(body);
        if let Some(kept) = self.keep_page_again(connection, collection, &digest, generation, now).await? {
            return Ok(kept);
        }
        const SQL: &str = "insert into pages \
            (id, connection_id, user_id, collection, generation, fetched_at, digest, body_sealed) \
            values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let packed = zstd::encode_all(body, LEVEL).map_err(|_| Error::corrupt("pages", "body_sealed"))?;
        let sealed = key.seal(&self.random, &place(connection, collection, &digest), &packed)?;
        let id: PageId = self.random.id(now);
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(connection.to_string())
            .bind(user.to_string())
            .bind(collection)
            .bind(generation)
            .bind(now.as_millisecond())
            .bind(&digest)
            .bind(&sealed)
            .execute(&mut **db))?;
        Ok(id)
    }

    async fn keep_page_again(
        &mut self,
        connection: ConnectionId,
        collection: &str,
        digest: &str,
        generation: i64,
        now: Timestamp,
    ) -> Result<Option<PageId>> {
        const SQL: &str = "update pages set generation = case when generation < $4 then $4 else generation end, \
            fetched_at = case when generation < $4 then $5 else fetched_at end \
            where connection_id = $1 and collection = $2 and digest = $3 returning id";
        let id: Option<String> = on!(self, |db| query_scalar(SQL)
            .bind(connection.to_string())
            .bind(collection)
            .bind(digest)
            .bind(generation)
            .bind(now.as_millisecond())
            .fetch_optional(&mut **db))?;
        id.map(|id| ROW.parse("id", &id)).transpose()
    }

    /// Notes of which records a page tells, by their natural keys, and how many of its items could not be mapped.
    pub async fn link_page(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        page: PageId,
        keys: &[(Kind, String)],
        skipped: usize,
    ) -> Result<()> {
        const SKIPPED: &str = "update pages set skipped = $3 where user_id = $1 and id = $2";
        change!(self, |db| query(SKIPPED)
            .bind(user.to_string())
            .bind(page.to_string())
            .bind(i64::try_from(skipped).unwrap_or(i64::MAX))
            .execute(&mut **db))?;
        let mut by_kind: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
        for (kind, provider_id) in keys {
            by_kind.entry(*kind).or_default().push(provider_id);
        }
        for (kind, provider_ids) in by_kind {
            for piece in lists(&provider_ids) {
                self.link_piece(user, connection, page, kind, &piece).await?;
            }
        }
        Ok(())
    }

    async fn link_piece(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        page: PageId,
        kind: Kind,
        provider_ids: &[&str],
    ) -> Result<()> {
        let sql = AssertSqlSafe(format!(
            "insert into page_records (page_id, record_id) select $2, id from records where {OWNED} \
             and connection_id = $3 and kind = $4 and provider_id in ({}) on conflict do nothing",
            placeholders(5, provider_ids.len())
        ));
        change!(self, |db| {
            let query = query(sql).bind(user.to_string()).bind(page.to_string()).bind(connection.to_string());
            let query = query.bind(kind.as_str());
            provider_ids.iter().fold(query, |query, id| query.bind(*id)).execute(&mut **db)
        })?;
        Ok(())
    }

    /// Deletes all pages of a connection.
    pub async fn delete_pages(&mut self, user: UserId, connection: ConnectionId) -> Result<()> {
        const SQL: &str = "delete from pages where user_id = $1 and connection_id = $2";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(connection.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Deletes some of a person's pages, but for those of which a record is living.
    pub async fn sweep_pages(&mut self, user: UserId, pages: &[PageId]) -> Result<u64> {
        let mut swept = 0;
        for piece in lists(pages) {
            let list = placeholders(2, piece.len());
            let sql = AssertSqlSafe(format!("delete from pages where user_id = $1 and {UNUSED} and id in ({list})"));
            swept += change!(self, |db| piece
                .iter()
                .fold(query(sql).bind(user.to_string()), |query, page| query.bind(page.to_string()))
                .execute(&mut **db))?;
        }
        Ok(swept)
    }

    /// Deletes a person's pages that were fetched before an instant and of which no record is living, whether or not
    /// they were mapped completely: what could not be mapped is as old as the rest.
    pub async fn purge_pages(&mut self, user: UserId, before: Timestamp) -> Result<u64> {
        let sql = AssertSqlSafe(format!(
            "delete from pages where connection_id in (select id from connections where user_id = $1) \
             and fetched_at < $2 and skipped is not null and {UNUSED}"
        ));
        Ok(change!(self, |db| query(sql).bind(user.to_string()).bind(before.as_millisecond()).execute(&mut **db))?)
    }
}

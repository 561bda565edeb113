//! Answers fetched from providers, kept raw and sealed, the same one only once. They live as long as their records; one
//! that tells of a record that was purged is emptied, and what else it told of stays linked to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{ConnectionId, Kind, PageId, RecordId, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    many::{lists, placeholders},
    record::OWNED,
    row::Row,
    seal::Key,
};

const LEVEL: i32 = 3;
/// The body of a page that was emptied.
const EMPTY: &[u8] = &[];

/// An answer as it was fetched.
#[derive(Clone, Debug)]
pub struct RawPage {
    pub id: PageId,
    pub collection: String,
    pub generation: i64,
    pub fetched_at: Timestamp,
    /// None: it was emptied.
    pub body: Option<Vec<u8>>,
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

impl PageRow {
    fn open(&self, key: &Key, connection: ConnectionId) -> Result<Option<Vec<u8>>> {
        if self.body_sealed.is_empty() {
            return Ok(None);
        }
        let packed = key.open(&place(connection, &self.collection, &self.digest), &self.body_sealed)?;
        let body = zstd::decode_all(packed.as_slice()).map_err(|_| Error::corrupt("pages", "body_sealed"))?;
        Ok(Some(body))
    }
}

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
                Ok(RawPage {
                    id: ROW.parse("id", &row.id)?,
                    body: row.open(&key, connection)?,
                    collection: row.collection,
                    generation: row.generation,
                    fetched_at: ROW.time("fetched_at", row.fetched_at)?,
                })
            })
            .collect()
    }

    /// Of which records a page tells, by their natural keys.
    pub async fn linked_to(&mut self, user: UserId, page: PageId) -> Result<Vec<(Kind, String)>> {
        let sql = AssertSqlSafe(format!(
            "select kind, provider_id from records join page_records on page_records.record_id = records.id \
             where {OWNED} and page_id = $2"
        ));
        let rows: Vec<(String, String)> =
            on!(self, |db| query_as(sql).bind(user.to_string()).bind(page.to_string()).fetch_all(&mut **db))?;
        rows.into_iter().map(|(kind, id)| Ok((Row("records").parse("kind", &kind)?, id))).collect()
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
        let kept = self.keep_page_again(connection, collection, &digest, generation, now).await?;
        if let Some((kept, true)) = kept {
            return Ok(kept);
        }
        const SQL: &str = "insert into pages \
            (id, connection_id, user_id, collection, generation, fetched_at, digest, body_sealed) \
            values ($1, $2, $3, $4, $5, $6, $7, $8) \
            on conflict (connection_id, collection, digest) do update set body_sealed = excluded.body_sealed";
        let packed = zstd::encode_all(body, LEVEL).map_err(|_| Error::corrupt("pages", "body_sealed"))?;
        let sealed = key.seal(&self.random, &place(connection, collection, &digest), &packed)?;
        // One that was emptied is filled again.
        let id = kept.map_or_else(|| self.random.id(now), |(id, _)| id);
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

    /// Says which page it is, and whether it has its body.
    async fn keep_page_again(
        &mut self,
        connection: ConnectionId,
        collection: &str,
        digest: &str,
        generation: i64,
        now: Timestamp,
    ) -> Result<Option<(PageId, bool)>> {
        const SQL: &str = "update pages set generation = case when generation < $4 then $4 else generation end, \
            fetched_at = case when generation < $4 then $5 else fetched_at end \
            where connection_id = $1 and collection = $2 and digest = $3 returning id, length(body_sealed) > 0";
        let row: Option<(String, bool)> = on!(self, |db| query_as(SQL)
            .bind(connection.to_string())
            .bind(collection)
            .bind(digest)
            .bind(generation)
            .bind(now.as_millisecond())
            .fetch_optional(&mut **db))?;
        row.map(|(id, is_whole)| Ok((ROW.parse("id", &id)?, is_whole))).transpose()
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

    /// Takes the body from a person's page; of which records it told is still known.
    pub async fn empty_page(&mut self, user: UserId, page: PageId) -> Result<()> {
        const SQL: &str = "update pages set body_sealed = $3 where user_id = $1 and id = $2";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(page.to_string()).bind(EMPTY).execute(&mut **db))?;
        Ok(())
    }

    /// Takes the bodies from a person's pages that tell of any of some records, which are no longer linked to them.
    pub async fn empty_pages_of(&mut self, user: UserId, records: &[RecordId]) -> Result<()> {
        for piece in lists(records) {
            let list = placeholders(3, piece.len());
            let empty = AssertSqlSafe(format!(
                "update pages set body_sealed = $2 where {OWNED} and length(body_sealed) > 0 \
                 and id in (select page_id from page_records where record_id in ({list}))"
            ));
            change!(self, |db| {
                let query = query(empty).bind(user.to_string()).bind(EMPTY);
                piece.iter().fold(query, |query, id| query.bind(id.to_string())).execute(&mut **db)
            })?;
            let list = placeholders(2, piece.len());
            let unlink = AssertSqlSafe(format!(
                "delete from page_records where record_id in ({list}) and exists \
                 (select 1 from pages where pages.id = page_records.page_id and pages.user_id = $1)"
            ));
            change!(self, |db| piece
                .iter()
                .fold(query(unlink).bind(user.to_string()), |query, id| query.bind(id.to_string()))
                .execute(&mut **db))?;
        }
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

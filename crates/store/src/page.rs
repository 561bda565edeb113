//! Answers fetched from providers, kept raw and sealed, the same one only once.

use jiff::Timestamp;
use model::{ConnectionId, PageId, UserId};
use sqlx::{FromRow, query, query_as};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

const LEVEL: i32 = 3;

/// An answer as it was fetched.
#[derive(Clone, Debug)]
pub struct RawPage {
    pub collection: String,
    pub generation: i64,
    pub fetched_at: Timestamp,
    pub body: Vec<u8>,
}

#[derive(FromRow)]
struct PageRow {
    collection: String,
    generation: i64,
    fetched_at: i64,
    digest: String,
    body_sealed: Vec<u8>,
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
        const SQL: &str = "select collection, generation, fetched_at, digest, body_sealed from pages \
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
                    collection: row.collection,
                    generation: row.generation,
                    fetched_at: Row("pages").time("fetched_at", row.fetched_at)?,
                    body,
                })
            })
            .collect()
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
    ) -> Result<()> {
        const AGAIN: &str = "update pages set generation = $4, fetched_at = $5 \
            where connection_id = $1 and collection = $2 and digest = $3 and generation < $4";
        const KEEP: &str = "insert into pages \
            (id, connection_id, user_id, collection, generation, fetched_at, digest, body_sealed) \
            values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (connection_id, collection, digest) do nothing";
        let key = self.connection_key(user, connection).await?;
        let digest = key.digest(body);
        let again = change!(self, |db| query(AGAIN)
            .bind(connection.to_string())
            .bind(collection)
            .bind(&digest)
            .bind(generation)
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        if again > 0 {
            return Ok(());
        }
        let packed = zstd::encode_all(body, LEVEL).map_err(|_| Error::corrupt("pages", "body_sealed"))?;
        let sealed = key.seal(&self.random, &place(connection, collection, &digest), &packed)?;
        let id: PageId = self.random.id(now);
        change!(self, |db| query(KEEP)
            .bind(id.to_string())
            .bind(connection.to_string())
            .bind(user.to_string())
            .bind(collection)
            .bind(generation)
            .bind(now.as_millisecond())
            .bind(&digest)
            .bind(&sealed)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Deletes all pages of a connection.
    pub async fn delete_pages(&mut self, user: UserId, connection: ConnectionId) -> Result<()> {
        const SQL: &str = "delete from pages where user_id = $1 and connection_id = $2";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(connection.to_string()).execute(&mut **db))?;
        Ok(())
    }
}

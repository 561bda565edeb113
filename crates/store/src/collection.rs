//! How each collection of a connection fares, and which days were fetched completely.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use model::{ConnectionId, UserId, Window};
use sqlx::{FromRow, query, query_as};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// How a collection fares.
#[derive(Clone, Debug)]
pub struct CollectionState {
    pub collection: String,
    pub last_success_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// The scope for want of which it cannot be read.
    pub missing_scope: Option<String>,
}

/// The days of each collection that were fetched completely, as windows in ascending order.
pub type Coverage = BTreeMap<String, Vec<Window>>;

#[derive(FromRow)]
struct StateRow {
    collection: String,
    last_success_at: Option<i64>,
    last_error: Option<String>,
    missing_scope: Option<String>,
}

#[derive(FromRow)]
struct CoverageRow {
    collection: String,
    first_day: String,
    last_day: String,
}

const ROW: Row = Row("coverage");

impl CoverageRow {
    fn window(&self) -> Result<Window> {
        Ok(Window { from: ROW.parse("first_day", &self.first_day)?, to: ROW.parse("last_day", &self.last_day)? })
    }
}

impl<M: Mode> Tx<M> {
    /// How the collections of a connection fare.
    pub async fn collection_states(&mut self, user: UserId, connection: ConnectionId) -> Result<Vec<CollectionState>> {
        const SQL: &str = "select collection, last_success_at, last_error, missing_scope from collections \
                           where user_id = $1 and connection_id = $2 order by collection";
        let rows: Vec<StateRow> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_all(&mut **db))?;
        rows.into_iter()
            .map(|row| {
                Ok(CollectionState {
                    collection: row.collection,
                    last_success_at: Row("collections").time_opt("last_success_at", row.last_success_at)?,
                    last_error: row.last_error,
                    missing_scope: row.missing_scope,
                })
            })
            .collect()
    }

    /// The days of a connection that were fetched completely.
    pub async fn coverage(&mut self, user: UserId, connection: ConnectionId) -> Result<Coverage> {
        const SQL: &str = "select collection, first_day, last_day from coverage \
                           where user_id = $1 and connection_id = $2 order by collection, first_day";
        let rows: Vec<CoverageRow> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_all(&mut **db))?;
        let mut coverage = Coverage::new();
        for row in rows {
            let window = row.window()?;
            coverage.entry(row.collection).or_default().push(window);
        }
        Ok(coverage)
    }
}

impl Tx<Write> {
    /// Notes how asking for a collection went: without an error it went well.
    pub async fn note_collection(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        collection: &str,
        now: Timestamp,
        error: Option<&str>,
        missing_scope: Option<&str>,
    ) -> Result<()> {
        const SQL: &str = "insert into collections \
            (connection_id, collection, user_id, last_success_at, last_attempt_at, last_error, missing_scope) \
            values ($1, $2, $3, $4, $5, $6, $7) \
            on conflict (connection_id, collection) do update set \
            last_success_at = coalesce(excluded.last_success_at, collections.last_success_at), \
            last_attempt_at = excluded.last_attempt_at, last_error = excluded.last_error, \
            missing_scope = excluded.missing_scope";
        let succeeded_at = error.is_none().then_some(now.as_millisecond());
        change!(self, |db| query(SQL)
            .bind(connection.to_string())
            .bind(collection)
            .bind(user.to_string())
            .bind(succeeded_at)
            .bind(now.as_millisecond())
            .bind(error)
            .bind(missing_scope)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Notes that the days of a window were fetched completely.
    pub async fn cover(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        collection: &str,
        window: Window,
    ) -> Result<()> {
        // Windows that overlap it or lie beside it become one with it.
        const TOUCHING: &str = "select collection, first_day, last_day from coverage where user_id = $1 \
            and connection_id = $2 and collection = $3 and first_day <= $5 and last_day >= $4";
        const FORGET: &str = "delete from coverage where user_id = $1 \
            and connection_id = $2 and collection = $3 and first_day <= $5 and last_day >= $4";
        const KEEP: &str = "insert into coverage (user_id, connection_id, collection, first_day, last_day) \
            values ($1, $2, $3, $4, $5)";
        let before = window.from.saturating_sub(1.day()).to_string();
        let after = window.to.saturating_add(1.day()).to_string();
        let rows: Vec<CoverageRow> = on!(self, |db| query_as(TOUCHING)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(collection)
            .bind(&before)
            .bind(&after)
            .fetch_all(&mut **db))?;
        let mut whole = window;
        for row in &rows {
            let touching = row.window()?;
            whole = Window { from: whole.from.min(touching.from), to: whole.to.max(touching.to) };
        }
        for (sql, first, last) in [(FORGET, before, after), (KEEP, whole.from.to_string(), whole.to.to_string())] {
            change!(self, |db| query(sql)
                .bind(user.to_string())
                .bind(connection.to_string())
                .bind(collection)
                .bind(&first)
                .bind(&last)
                .execute(&mut **db))?;
        }
        Ok(())
    }

    /// Forgets what was fetched of a connection.
    pub async fn forget_collections(&mut self, user: UserId, connection: ConnectionId) -> Result<()> {
        for sql in [
            "delete from coverage where user_id = $1 and connection_id = $2",
            "delete from collections where user_id = $1 and connection_id = $2",
        ] {
            change!(self, |db| query(sql).bind(user.to_string()).bind(connection.to_string()).execute(&mut **db))?;
        }
        Ok(())
    }
}

//! How big the database is.

use serde::Serialize;
use sqlx::{AssertSqlSafe, FromRow, query_as, query_scalar};

use crate::{Mode, Result, Tx, db::on};

/// Counting more rows than this takes longer than it is worth where the engine has an estimate.
const WORTH_COUNTING: i64 = 100_000;

/// How big the database is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    pub bytes: i64,
    /// Bytes of it that hold nothing and will be used again, where the engine knows.
    pub free_bytes: Option<i64>,
    /// The biggest first.
    pub tables: Vec<TableSize>,
}

/// How big a table is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableSize {
    pub name: String,
    /// Big tables are estimated where the engine can.
    pub rows: i64,
    /// With its indexes, where the engine knows.
    pub bytes: Option<i64>,
}

#[derive(FromRow)]
struct TableRow {
    name: String,
    /// How many rows there were when the engine last looked; below 0: it never did.
    estimate: i64,
    bytes: Option<i64>,
}

#[derive(FromRow)]
struct WholeRow {
    bytes: i64,
    free_bytes: Option<i64>,
}

impl<M: Mode> Tx<M> {
    /// How big the database is, without its tables: however big it is, looking costs nothing.
    pub async fn whole_size(&mut self) -> Result<Sizes> {
        let sql = self.whole_size_sql();
        let WholeRow { bytes, free_bytes } = on!(self, |db| query_as(sql).fetch_one(&mut **db))?;
        Ok(Sizes { bytes, free_bytes, tables: Vec::new() })
    }

    /// How big each table of a database is that has so many bytes, the biggest first: of a big one, looking takes long.
    pub async fn table_sizes(&mut self, whole: i64) -> Result<Vec<TableSize>> {
        let sql = self.table_sizes_sql(whole);
        let rows: Vec<TableRow> = on!(self, |db| query_as(sql).fetch_all(&mut **db))?;
        let mut tables = Vec::with_capacity(rows.len());
        for TableRow { name, estimate, bytes } in rows {
            let rows = if estimate > WORTH_COUNTING { estimate } else { self.count_rows(&name).await? };
            tables.push(TableSize { name, rows, bytes });
        }
        tables.sort_by(|a, b| (b.bytes, b.rows, &a.name).cmp(&(a.bytes, a.rows, &b.name)));
        Ok(tables)
    }

    async fn count_rows(&mut self, table: &str) -> Result<i64> {
        // The name comes from the database's own catalogue of our tables.
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        Ok(on!(self, |db| query_scalar(sql).fetch_one(&mut **db))?)
    }
}

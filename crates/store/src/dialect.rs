//! What differs between the engines.

use crate::{Mode, Tx, db::Open, many};

/// Of a file beyond this size the embedded engine is not asked how big each table is: it would read all of it.
const WORTH_READING: i64 = 256 * 1024 * 1024;

impl<M: Mode> Tx<M> {
    /// A suffix for batch claims: PostgreSQL's claimers step around each other's rows, SQLite has one writer.
    pub(crate) fn skip_locked(&self) -> &'static str {
        match self.open {
            Open::Sqlite(_) => "",
            Open::Postgres(_) => " for update skip locked",
        }
    }

    /// Asks how many bytes the database has, and how many of them hold nothing.
    pub(crate) fn whole_size_sql(&self) -> &'static str {
        match self.open {
            Open::Sqlite(_) => {
                "select page_count * page_size as bytes, freelist_count * page_size as free_bytes \
                 from pragma_page_count(), pragma_page_size(), pragma_freelist_count()"
            }
            Open::Postgres(_) => {
                "select pg_database_size(current_database()) as bytes, cast(null as bigint) as free_bytes"
            }
        }
    }

    /// Asks for our tables, with the engine's estimate of their rows (-1 where it has none) and their bytes.
    pub(crate) fn table_sizes_sql(&self, whole: i64) -> &'static str {
        match self.open {
            Open::Sqlite(_) if whole > WORTH_READING => {
                "select name, -1 as estimate, cast(null as bigint) as bytes from sqlite_schema \
                 where type = 'table' and name not like 'sqlite%' and name not like '\\_sqlx%' escape '\\'"
            }
            Open::Sqlite(_) => {
                "select tables.name as name, -1 as estimate, sum(dbstat.pgsize) as bytes from sqlite_schema as tables \
                 join sqlite_schema as trees on trees.tbl_name = tables.name \
                 join dbstat on dbstat.name = trees.name and dbstat.aggregate = true where tables.type = 'table' \
                 and tables.name not like 'sqlite%' and tables.name not like '\\_sqlx%' escape '\\' group by tables.name"
            }
            Open::Postgres(_) => {
                "select cast(relname as text) as name, cast(reltuples as bigint) as estimate, \
                 pg_total_relation_size(oid) as bytes from pg_class where relkind = 'r' \
                 and relnamespace = current_schema()::regnamespace and relname not like '\\_sqlx%'"
            }
        }
    }

    /// A suffix for locking what is read until the transaction ends; SQLite's one writer has everything to itself.
    pub(crate) fn for_update(&self) -> &'static str {
        match self.open {
            Open::Sqlite(_) => "",
            Open::Postgres(_) => " for update",
        }
    }

    /// The placeholders of so many rows of so many columns, where no others are. SQLite looks for the name of each among
    /// all of them; without names it counts.
    pub(crate) fn rows(&self, columns: usize, count: usize) -> String {
        match self.open {
            Open::Sqlite(_) => many::unnamed_rows(columns, count),
            Open::Postgres(_) => many::rows(columns, count),
        }
    }
}

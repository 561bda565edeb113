//! How big the database is, looked at now and then only.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use store::{Db, Sizes};
use tokio::sync::Mutex;

use crate::{Engine, Result};

/// Looking costs, and sizes do not leap.
const FRESH: SignedDuration = SignedDuration::from_secs(60);
/// The rows of a big database are read to be counted.
const TABLES_FRESH: SignedDuration = SignedDuration::from_hours(1);
/// A database of so many bytes is big.
const BIG: i64 = 256 * 1024 * 1024;

/// How big the database was, and when.
#[derive(Default)]
pub(crate) struct KnownSizes(Mutex<Option<Known>>);

struct Known {
    at: Timestamp,
    tables_at: Timestamp,
    sizes: Arc<Sizes>,
}

impl Engine {
    /// How big the database is, as it was at most a minute ago; the tables of a big one, at most an hour ago.
    pub async fn sizes(&self) -> Result<Arc<Sizes>> {
        self.known_sizes.look(&self.db, self.clock.now(), BIG).await
    }
}

impl KnownSizes {
    async fn look(&self, db: &Db, now: Timestamp, big: i64) -> Result<Arc<Sizes>> {
        // Held while looking: those who ask meanwhile wait for the same answer.
        let mut known = self.0.lock().await;
        if let Some(known) = known.as_ref().filter(|known| is_fresh(known.at, now, FRESH)) {
            return Ok(known.sizes.clone());
        }
        let mut tx = db.read().await?;
        let mut sizes = tx.whole_size().await?;
        let serves = |known: &&Known| sizes.bytes >= big && is_fresh(known.tables_at, now, TABLES_FRESH);
        let (tables, tables_at) = match known.as_ref().filter(serves) {
            Some(known) => (known.sizes.tables.clone(), known.tables_at),
            None => (tx.table_sizes(sizes.bytes).await?, now),
        };
        sizes.tables = tables;
        let sizes = Arc::new(sizes);
        *known = Some(Known { at: now, tables_at, sizes: sizes.clone() });
        Ok(sizes)
    }
}

fn is_fresh(at: Timestamp, now: Timestamp, for_so_long: SignedDuration) -> bool {
    now.duration_since(at).abs() < for_so_long
}

#[cfg(test)]
mod tests {
    use testkit::{Engine, TestDb, run};

    use super::*;

    const MINUTE: SignedDuration = SignedDuration::from_mins(1);

    /// How many bytes there are, and rows of a table.
    async fn look(known: &KnownSizes, test: &TestDb, after: SignedDuration, big: i64) -> (i64, i64) {
        let sizes = known.look(&test.db, Timestamp::UNIX_EPOCH + after, big).await.unwrap();
        let table = sizes.tables.iter().find(|table| table.name == "public_urls").unwrap();
        (sizes.bytes, table.rows)
    }

    async fn grow(test: &TestDb) {
        run(test, "insert into public_urls values ('https://afferent.example', 0, 0)").await.unwrap();
        run(test, "create table grown (name text primary key)").await.unwrap();
    }

    #[tokio::test]
    async fn the_tables_of_a_big_database_are_looked_at_every_hour() {
        for engine in Engine::all() {
            for (big, rows_of_a_big_one) in [(0, 0), (i64::MAX, 1)] {
                let (test, known) = (TestDb::new(engine).await.unwrap(), KnownSizes::default());
                let (before, rows) = look(&known, &test, SignedDuration::ZERO, big).await;
                assert_eq!(rows, 0);
                grow(&test).await;
                assert_eq!(look(&known, &test, MINUTE / 2, big).await, (before, 0));
                let (bytes, rows) = look(&known, &test, MINUTE, big).await;
                assert!(bytes > before, "how big all of it is, is looked at every minute");
                assert_eq!(rows, rows_of_a_big_one);
                assert_eq!(look(&known, &test, MINUTE * 59, big).await.1, rows_of_a_big_one);
                assert_eq!(look(&known, &test, MINUTE * 60, big).await.1, 1);
            }
        }
    }
}

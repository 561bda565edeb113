//! Whether what is committed lasts, and whether what is erased is gone from the disk.

use std::{sync::atomic::Ordering, time::Duration};

use sqlx::{Connection, SqliteConnection, query, query_as, query_scalar};

use crate::{
    Db, Result,
    db::{Pools, change},
};

/// Readers are seldom in the way for long.
const TRIES: u32 = 3;
const A_MOMENT: Duration = Duration::from_millis(20);
/// As many bytes need more room than whatever comes in at a time.
const PROBE: usize = 64 * 1024;

impl Db {
    /// Whether the last write that reached the disk failed there.
    pub fn is_full(&self) -> bool {
        self.writes.fail()
    }

    /// Writes something, and deletes it again, so that it is known whether what is written lasts.
    pub async fn probe(&self) -> Result<()> {
        const WRITE: &str = "insert into probes (id, weight) values (1, $1) \
                             on conflict (id) do update set weight = excluded.weight";
        let mut tx = self.write().await?;
        change!(tx, |db| query(WRITE).bind(vec![0_u8; PROBE]).execute(&mut **db))?;
        tx.commit().await?;
        let mut tx = self.write().await?;
        change!(tx, |db| query("delete from probes").execute(&mut **db))?;
        tx.commit().await
    }

    /// What of the server's settings lets a commit be lost when its machine stops.
    pub async fn undurable(&self) -> Result<Option<&'static str>> {
        // The embedded engine is opened as it has to be.
        let Pools::Postgres(pool) = &self.pools else { return Ok(None) };
        for setting in ["fsync", "synchronous_commit"] {
            let set: String = query_scalar("select current_setting($1)").bind(setting).fetch_one(pool).await?;
            if set == "off" {
                return Ok(Some(setting));
            }
        }
        Ok(None)
    }

    /// Overwrites what deleted rows left behind in the embedded engine's log. Where somebody is in the way, it is left
    /// for [`Self::truncate_log_again`].
    pub async fn truncate_log(&self) -> Result<()> {
        self.log_waits.store(true, Ordering::Relaxed);
        self.truncate_log_again().await
    }

    /// Overwrites what could not be overwritten before, if anything.
    pub async fn truncate_log_again(&self) -> Result<()> {
        let Pools::Sqlite { writer, .. } = &self.pools else { return Ok(()) };
        if !self.log_waits.load(Ordering::Relaxed) {
            return Ok(());
        }
        // On a connection of its own and without patience: while it waited for readers, it would keep all writers out.
        let mut own = SqliteConnection::connect_with(&writer.connect_options()).await?;
        query("pragma busy_timeout = 0").execute(&mut own).await?;
        for _ in 0..TRIES {
            let (in_the_way, ..): (i64, i64, i64) =
                query_as("pragma wal_checkpoint(truncate)").fetch_one(&mut own).await?;
            if in_the_way == 0 {
                self.log_waits.store(false, Ordering::Relaxed);
                break;
            }
            tokio::time::sleep(A_MOMENT).await;
        }
        Ok(own.close().await?)
    }
}

//! The keys that seal deliveries, one for each day: whose a delivery is comes to light only when it is opened.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use sqlx::{FromRow, query, query_as};

use crate::{
    Db, Error, Mode, Result, Tx, Write,
    db::{change, on},
    seal::Key,
};

#[derive(FromRow)]
struct KeyRow {
    day: String,
    master_key_id: String,
    key_sealed: Vec<u8>,
}

/// The day whose key seals what is received now.
pub(crate) fn day_of(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

impl Db {
    /// The key that seals today's deliveries. It is durable before anything is sealed by it.
    pub(crate) async fn receive_key(&self, day: Date) -> Result<Key> {
        if let Some(key) = self.keys().todays(day) {
            return Ok(key);
        }
        let mut tx = self.write().await?;
        tx.make_receive_key(day).await?;
        let key = tx.receive_key(&day.to_string()).await?;
        tx.commit().await?;
        self.keys().keep_todays(day, &key);
        Ok(key)
    }
}

impl<M: Mode> Tx<M> {
    /// A day's key, opened once a transaction.
    pub(crate) async fn receive_key(&mut self, day: &str) -> Result<Key> {
        if let Some(key) = self.ring.days.get(day) {
            return Ok(key.clone());
        }
        const SQL: &str = "select day, master_key_id, key_sealed from receive_keys where day = $1";
        let row: Option<KeyRow> = on!(self, |db| query_as(SQL).bind(day).fetch_optional(&mut **db))?;
        let row = row.ok_or_else(|| Error::KeyMissing(format!("of the deliveries of {day}")))?;
        let key = self.ring.keys.open_receive_key(&row.day, &row.master_key_id, &row.key_sealed)?;
        self.ring.days.insert(row.day, key.clone());
        Ok(key)
    }
}

impl Tx<Write> {
    async fn make_receive_key(&mut self, day: Date) -> Result<()> {
        const SQL: &str = "insert into receive_keys (day, master_key_id, key_sealed) values ($1, $2, $3) on conflict (day) do nothing";
        let day = day.to_string();
        let (master, sealed) = self.ring.keys.seal_receive_key(&self.random, &day, &Key::new(&self.random))?;
        change!(self, |db| query(SQL).bind(&day).bind(&master).bind(&sealed).execute(&mut **db))?;
        Ok(())
    }

    /// Seals the days' keys by the current master key. There are few of them.
    pub(crate) async fn rotate_receive_keys(&mut self) -> Result<()> {
        const SQL: &str = "select day, master_key_id, key_sealed from receive_keys where master_key_id <> $1";
        const UPDATE: &str = "update receive_keys set master_key_id = $2, key_sealed = $3 where day = $1";
        let keys = self.ring.keys.clone();
        let current = keys.current()?.id.clone();
        let rows: Vec<KeyRow> = on!(self, |db| query_as(SQL).bind(current).fetch_all(&mut **db))?;
        for row in rows {
            let key = keys.open_receive_key(&row.day, &row.master_key_id, &row.key_sealed)?;
            let (master, sealed) = keys.seal_receive_key(&self.random, &row.day, &key)?;
            change!(self, |db| query(UPDATE).bind(&row.day).bind(&master).bind(&sealed).execute(&mut **db))?;
        }
        Ok(())
    }

    /// Destroys the keys of the days before one, and the deliveries' bodies that only they open. A day on which something
    /// still waits to be opened keeps its key. Says how many keys were destroyed.
    pub async fn destroy_receive_keys(&mut self, before: Date) -> Result<u64> {
        const BODIES: &str = "update deliveries set body_sealed = null \
            where receive_day < $1 and body_sealed is not null and state in ('unmatched', 'dead')";
        const KEYS: &str = "delete from receive_keys where day < $1 and not exists \
            (select 1 from deliveries where deliveries.state = 'received' and deliveries.receive_day = receive_keys.day) \
            and not exists (select 1 from bundles where bundles.receive_day = receive_keys.day)";
        let before = before.to_string();
        change!(self, |db| query(BODIES).bind(&before).execute(&mut **db))?;
        self.ring.days.clear();
        self.ring.keys.forget_todays();
        Ok(change!(self, |db| query(KEYS).bind(&before).execute(&mut **db))?)
    }
}

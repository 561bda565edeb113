//! The addresses that this server has had: what points there is ours.

use jiff::Timestamp;
use sqlx::{query, query_scalar};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
};

impl<M: Mode> Tx<M> {
    /// Every address that this server has had, the present one too.
    pub async fn public_urls(&mut self) -> Result<Vec<String>> {
        const SQL: &str = "select url from public_urls order by url";
        Ok(on!(self, |db| query_scalar(SQL).fetch_all(&mut **db))?)
    }
}

impl Tx<Write> {
    /// Notes that this server has an address now.
    pub async fn note_public_url(&mut self, url: &str, now: Timestamp) -> Result<()> {
        const SQL: &str = "insert into public_urls (url, first_used_at, last_used_at) values ($1, $2, $2) \
                           on conflict (url) do update set last_used_at = excluded.last_used_at";
        change!(self, |db| query(SQL).bind(url).bind(now.as_millisecond()).execute(&mut **db))?;
        Ok(())
    }
}

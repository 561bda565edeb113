//! Answers to requests that may be repeated, by the key that the caller gave.

use jiff::Timestamp;
use model::UserId;
use sqlx::{FromRow, query, query_as};

use crate::{
    Error, Result, Tx, Write,
    db::{change, on},
};

/// A request that was not answered in so many milliseconds never will be: the process that carried it out is gone.
const LONGEST: i64 = 15 * 60 * 1000;

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// Nothing until now: carry the request out.
    New,
    /// The first request is being carried out.
    InProgress,
    /// The same request was answered so.
    Answered { status: u16, body: Vec<u8> },
    /// The key was used for another request.
    Different,
}

#[derive(FromRow)]
struct KeyRow {
    request_hash: String,
    status: Option<i64>,
    body_sealed: Option<Vec<u8>>,
}

fn place(principal: &str, key_hash: &str) -> String {
    format!("idempotency:{principal}:{key_hash}")
}

impl Tx<Write> {
    /// Takes a key for a request, or says what is known of it.
    pub async fn remember(
        &mut self,
        user: UserId,
        principal: &str,
        key_hash: &str,
        request_hash: &str,
        now: Timestamp,
    ) -> Result<Remembered> {
        const TAKE: &str = "insert into idempotency_keys (principal, key_hash, request_hash, created_at) \
                            values ($1, $2, $3, $4) on conflict (principal, key_hash) do update \
                            set request_hash = excluded.request_hash, created_at = excluded.created_at \
                            where idempotency_keys.status is null and idempotency_keys.created_at < $5";
        const READ: &str = "select request_hash, status, body_sealed from idempotency_keys \
                            where principal = $1 and key_hash = $2";
        let taken = change!(self, |db| query(TAKE)
            .bind(principal)
            .bind(key_hash)
            .bind(request_hash)
            .bind(now.as_millisecond())
            .bind(now.as_millisecond() - LONGEST)
            .execute(&mut **db))?;
        if taken == 1 {
            return Ok(Remembered::New);
        }
        let row: KeyRow = on!(self, |db| query_as(READ).bind(principal).bind(key_hash).fetch_one(&mut **db))?;
        if row.request_hash != request_hash {
            return Ok(Remembered::Different);
        }
        let (Some(status), Some(sealed)) = (row.status, row.body_sealed) else { return Ok(Remembered::InProgress) };
        let status = u16::try_from(status).map_err(|_| Error::corrupt("idempotency_keys", "status"))?;
        let body = self.user_key(user).await?.open(&place(principal, key_hash), &sealed)?;
        Ok(Remembered::Answered { status, body })
    }

    /// Keeps the answer to a request.
    pub async fn keep_answer(
        &mut self,
        user: UserId,
        principal: &str,
        key_hash: &str,
        status: u16,
        body: &[u8],
    ) -> Result<()> {
        const SQL: &str =
            "update idempotency_keys set status = $3, body_sealed = $4 where principal = $1 and key_hash = $2";
        let sealed = self.user_key(user).await?.seal(&self.random, &place(principal, key_hash), body)?;
        change!(self, |db| query(SQL)
            .bind(principal)
            .bind(key_hash)
            .bind(i64::from(status))
            .bind(&sealed)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Forgets a key whose request came to nothing, so that it can be tried again.
    pub async fn forget_key(&mut self, principal: &str, key_hash: &str) -> Result<()> {
        const SQL: &str = "delete from idempotency_keys where principal = $1 and key_hash = $2 and status is null";
        change!(self, |db| query(SQL).bind(principal).bind(key_hash).execute(&mut **db))?;
        Ok(())
    }

    /// Forgets keys from before an instant.
    pub async fn sweep_keys(&mut self, before: Timestamp) -> Result<u64> {
        Ok(change!(self, |db| query("delete from idempotency_keys where created_at < $1")
            .bind(before.as_millisecond())
            .execute(&mut **db))?)
    }
}

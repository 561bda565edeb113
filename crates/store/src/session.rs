//! Signed-in browsers.

use jiff::Timestamp;
use model::{SessionId, UserId};
use sqlx::{FromRow, query, query_as};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// A signed-in browser.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(FromRow)]
struct SessionRow {
    id: String,
    user_id: String,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
}

const ROW: Row = Row("sessions");

impl<M: Mode> Tx<M> {
    /// The session of a cookie's hash, if it has not ended.
    pub async fn find_session(&mut self, secret_hash: &str, now: Timestamp) -> Result<Option<Session>> {
        const SQL: &str = "select id, user_id, created_at, last_seen_at, expires_at from sessions \
                           where secret_hash = $1 and expires_at > $2";
        let row: Option<SessionRow> =
            on!(self, |db| query_as(SQL).bind(secret_hash).bind(now.as_millisecond()).fetch_optional(&mut **db))?;
        row.map(|row| {
            Ok(Session {
                id: ROW.parse("id", &row.id)?,
                user_id: ROW.parse("user_id", &row.user_id)?,
                created_at: ROW.time("created_at", row.created_at)?,
                last_seen_at: ROW.time("last_seen_at", row.last_seen_at)?,
                expires_at: ROW.time("expires_at", row.expires_at)?,
            })
        })
        .transpose()
    }
}

impl Tx<Write> {
    /// Keeps a new session.
    pub async fn add_session(
        &mut self,
        user: UserId,
        secret_hash: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<SessionId> {
        const SQL: &str = "insert into sessions (id, secret_hash, user_id, created_at, last_seen_at, expires_at) \
                           values ($1, $2, $3, $4, $4, $5)";
        let id: SessionId = self.random.id(now);
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(secret_hash)
            .bind(user.to_string())
            .bind(now.as_millisecond())
            .bind(expires_at.as_millisecond())
            .execute(&mut **db))?;
        Ok(id)
    }

    /// Notes that a session is in use, and how long it lives from now on.
    pub async fn extend_session(
        &mut self,
        user: UserId,
        id: SessionId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        const SQL: &str = "update sessions set last_seen_at = $3, expires_at = $4 where user_id = $1 and id = $2";
        change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(now.as_millisecond())
            .bind(expires_at.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }

    /// Ends one session.
    pub async fn end_session(&mut self, user: UserId, id: SessionId) -> Result<()> {
        const SQL: &str = "delete from sessions where user_id = $1 and id = $2";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(id.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Ends all sessions of a person.
    pub async fn end_sessions(&mut self, user: UserId) -> Result<()> {
        change!(self, |db| query("delete from sessions where user_id = $1").bind(user.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Deletes sessions that have ended.
    pub async fn sweep_sessions(&mut self, now: Timestamp) -> Result<u64> {
        Ok(change!(self, |db| query("delete from sessions where expires_at <= $1")
            .bind(now.as_millisecond())
            .execute(&mut **db))?)
    }
}

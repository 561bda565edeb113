//! When each connection was last told of something, and whether it should have been since.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{ConnectionId, UserId};
use sqlx::{FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// When a connection was last told of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hearing {
    pub last_notice_at: Option<Timestamp>,
    /// Since when it is known that it is not told of what is new.
    pub silent_since: Option<Timestamp>,
    /// When asking brought something that it had not been told of: first, and while it is silent, last.
    pub untold_at: Option<Timestamp>,
}

/// What is known of the connections to a provider that are silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Since when the one is silent that is so the longest.
    pub since: Timestamp,
    /// When asking last brought something that one of them had not been told of.
    pub untold_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct HearingRow {
    last_notice_at: Option<i64>,
    silent_since: Option<i64>,
    untold_at: Option<i64>,
}

const ROW: Row = Row("connections");

impl<M: Mode> Tx<M> {
    /// When a connection was last told of something.
    pub async fn hearing(&mut self, user: UserId, connection: ConnectionId) -> Result<Hearing> {
        const SQL: &str =
            "select last_notice_at, silent_since, untold_at from connections where user_id = $1 and id = $2";
        let row: Option<HearingRow> = on!(self, |db| query_as(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .fetch_optional(&mut **db))?;
        let row = row.ok_or(Error::NotFound("connection"))?;
        Ok(Hearing {
            last_notice_at: ROW.time_opt("last_notice_at", row.last_notice_at)?,
            silent_since: ROW.time_opt("silent_since", row.silent_since)?,
            untold_at: ROW.time_opt("untold_at", row.untold_at)?,
        })
    }

    /// When notices came for a connection, since an instant, in ascending order.
    pub async fn notice_times(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>> {
        const SQL: &str = "select distinct received_at from notices where user_id = $1 and connection_id = $2 \
                           and received_at >= $3 order by received_at";
        let times: Vec<i64> = on!(self, |db| query_scalar(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(since.as_millisecond())
            .fetch_all(&mut **db))?;
        times.into_iter().map(|millis| Row("notices").time("received_at", millis)).collect()
    }

    /// The collections of a connection that have changed after a position of their person's log. What was removed because
    /// of its age is our own doing.
    pub async fn collections_changed(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        after: i64,
    ) -> Result<BTreeSet<String>> {
        const SQL: &str = "select distinct records.collection from changes join records on records.id = changes.record_id \
            where changes.user_id = $1 and changes.connection_id = $2 and changes.position > $3 \
            and records.purged_at is null";
        let collections: Vec<String> = on!(self, |db| query_scalar(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(after)
            .fetch_all(&mut **db))?;
        Ok(collections.into_iter().collect())
    }

    /// How many connections to a provider are active, and how many of them are silent.
    pub async fn count_silent(&mut self, provider: &str) -> Result<(i64, i64)> {
        const SQL: &str = "select \
            (select count(*) from connections where provider = $1 and state = 'active'), \
            (select count(*) from connections where provider = $1 and state = 'active' and silent_since is not null)";
        Ok(on!(self, |db| query_as(SQL).bind(provider).fetch_one(&mut **db))?)
    }

    /// How many active connections to a provider were told of something since an instant, and are not silent.
    pub async fn count_told(&mut self, provider: &str, since: Timestamp) -> Result<i64> {
        const SQL: &str = "select count(*) from connections where provider = $1 and state = 'active' \
                           and silent_since is null and last_notice_at >= $2";
        Ok(on!(self, |db| query_scalar(SQL).bind(provider).bind(since.as_millisecond()).fetch_one(&mut **db))?)
    }

    /// What is known of the active connections to a provider that are silent, where any is.
    pub async fn silence(&mut self, provider: &str) -> Result<Option<Silence>> {
        const SQL: &str = "select min(silent_since), max(untold_at) from connections where provider = $1 \
                           and state = 'active' and silent_since is not null";
        let (since, untold_at): (Option<i64>, Option<i64>) =
            on!(self, |db| query_as(SQL).bind(provider).fetch_one(&mut **db))?;
        let Some(since) = ROW.time_opt("silent_since", since)? else { return Ok(None) };
        Ok(Some(Silence { since, untold_at: ROW.time_opt("untold_at", untold_at)? }))
    }
}

impl Tx<Write> {
    /// Notes that a connection was told of something: whatever silence there was is over.
    pub async fn note_notice(&mut self, user: UserId, connection: ConnectionId, at: Timestamp) -> Result<()> {
        const SQL: &str = "update connections set \
            last_notice_at = case when last_notice_at > $3 then last_notice_at else $3 end, \
            silent_since = case when silent_since > $3 then silent_since end, \
            untold_at = case when untold_at > $3 then untold_at end where user_id = $1 and id = $2";
        self.note_hearing(SQL, user, connection, at).await
    }

    /// Notes that a connection is not told of what is new.
    pub async fn note_silence(&mut self, user: UserId, connection: ConnectionId, at: Timestamp) -> Result<()> {
        const SQL: &str =
            "update connections set silent_since = coalesce(silent_since, $3) where user_id = $1 and id = $2";
        self.note_hearing(SQL, user, connection, at).await
    }

    /// Notes that asking brought something that a connection had not been told of.
    pub async fn note_untold(&mut self, user: UserId, connection: ConnectionId, at: Timestamp) -> Result<()> {
        const SQL: &str = "update connections set untold_at = case when silent_since is null \
            then coalesce(untold_at, $3) else $3 end where user_id = $1 and id = $2";
        self.note_hearing(SQL, user, connection, at).await
    }

    /// Forgets that a connection was silent: it begins anew.
    pub async fn forget_silence(&mut self, user: UserId, connection: ConnectionId) -> Result<()> {
        const SQL: &str = "update connections set silent_since = null, untold_at = null where user_id = $1 and id = $2";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(connection.to_string()).execute(&mut **db))?;
        Ok(())
    }

    async fn note_hearing(
        &mut self,
        sql: &'static str,
        user: UserId,
        connection: ConnectionId,
        at: Timestamp,
    ) -> Result<()> {
        change!(self, |db| query(sql)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(at.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }
}

//! What happened to a person's data, of all sorts, the newest first.

use jiff::Timestamp;
use model::{Change, Kind, NoticeState, Operation, UserId};
use sqlx::{AssertSqlSafe, FromRow, query_as};

use crate::{
    Job, Mode, Result, Tx,
    change::ChangeRow,
    db::on,
    job::{self, JobRow},
    row::Row,
};

/// What a provider told of a person's data; of which thing is not said.
#[derive(Clone, Debug)]
pub struct Heard {
    pub provider: String,
    pub collection: String,
    pub operation: Operation,
    pub state: NoticeState,
    pub why: Option<String>,
    pub received_at: Timestamp,
    pub settled_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct HeardRow {
    provider: String,
    collection: String,
    operation: String,
    state: String,
    why: Option<String>,
    received_at: i64,
    settled_at: Option<i64>,
}

const NOTICES: Row = Row("notices");

impl HeardRow {
    fn read(self) -> Result<Heard> {
        Ok(Heard {
            provider: self.provider,
            collection: self.collection,
            operation: NOTICES.parse("operation", &self.operation)?,
            state: NOTICES.parse("state", &self.state)?,
            why: self.why,
            received_at: NOTICES.time("received_at", self.received_at)?,
            settled_at: NOTICES.time_opt("settled_at", self.settled_at)?,
        })
    }
}

/// Which of a person's changes to read.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// None: all of them.
    pub kinds: Option<Vec<Kind>>,
    pub provider: Option<String>,
}

impl ChangeFilter {
    /// As a condition: kinds are words of our own, never a caller's text.
    fn condition(&self) -> String {
        let Some(kinds) = &self.kinds else { return "1 = 1".to_owned() };
        let quoted: Vec<_> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
        if quoted.is_empty() { "1 = 0".to_owned() } else { format!("kind in ({})", quoted.join(", ")) }
    }
}

impl<M: Mode> Tx<M> {
    /// A person's changes before an instant, the newest first.
    pub async fn newest_changes(
        &mut self,
        user: UserId,
        before: Timestamp,
        wanted: &ChangeFilter,
        limit: i64,
    ) -> Result<Vec<Change>> {
        let sql = AssertSqlSafe(format!(
            "select position, type, provider, connection_id, record_id, kind, day, at from changes \
             where user_id = $1 and at < $2 and ($3 = '' or provider = $3) and {} order by position desc limit $4",
            wanted.condition()
        ));
        let rows: Vec<ChangeRow> = on!(self, |db| query_as(sql)
            .bind(user.to_string())
            .bind(before.as_millisecond())
            .bind(wanted.provider.as_deref().unwrap_or_default())
            .bind(limit)
            .fetch_all(&mut **db))?;
        rows.into_iter().map(ChangeRow::read).collect()
    }

    /// What providers told of a person's data before an instant, the newest first.
    pub async fn newest_notices(
        &mut self,
        user: UserId,
        before: Timestamp,
        provider: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Heard>> {
        const SQL: &str = "select provider, collection, operation, notices.state as state, why, received_at, settled_at \
            from notices join connections on connections.id = connection_id where notices.user_id = $1 \
            and received_at < $2 and ($3 = '' or provider = $3) order by received_at desc limit $4";
        let rows: Vec<HeardRow> = on!(self, |db| query_as(SQL)
            .bind(user.to_string())
            .bind(before.as_millisecond())
            .bind(provider.unwrap_or_default())
            .bind(limit)
            .fetch_all(&mut **db))?;
        rows.into_iter().map(HeardRow::read).collect()
    }

    /// A person's syncs that ended before an instant, the newest first.
    pub async fn newest_syncs(
        &mut self,
        user: UserId,
        before: Timestamp,
        provider: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Job>> {
        let sql = AssertSqlSafe(format!(
            "select {} from jobs where user_id = $1 and type = 'sync' and finished_at < $2 and ($3 = '' or connection_id in \
             (select id from connections where user_id = $1 and provider = $3)) order by finished_at desc limit $4",
            job::COLUMNS
        ));
        let rows: Vec<JobRow> = on!(self, |db| query_as(sql)
            .bind(user.to_string())
            .bind(before.as_millisecond())
            .bind(provider.unwrap_or_default())
            .bind(limit)
            .fetch_all(&mut **db))?;
        rows.into_iter().map(JobRow::read).collect()
    }
}

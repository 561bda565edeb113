//! The ordered log of each person: gapless positions, in the order of commits.

use jiff::{Timestamp, civil::Date};
use model::{Change, ChangeType, ConnectionId, Kind, RecordId, UserId};
use sqlx::{FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

#[derive(FromRow)]
struct ChangeRow {
    position: i64,
    r#type: String,
    provider: String,
    connection_id: String,
    record_id: String,
    kind: String,
    day: Option<String>,
    at: i64,
}

const ROW: Row = Row("changes");

impl<M: Mode> Tx<M> {
    /// A person's changes after a position.
    pub async fn changes(&mut self, user: UserId, after: i64, limit: i64) -> Result<Vec<Change>> {
        const SQL: &str = "select position, type, provider, connection_id, record_id, kind, day, at from changes \
                           where user_id = $1 and position > $2 order by position limit $3";
        let rows: Vec<ChangeRow> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(after).bind(limit).fetch_all(&mut **db))?;
        rows.into_iter().map(read).collect()
    }

    /// The position of a person's newest change; 0 when there is none.
    pub async fn head(&mut self, user: UserId) -> Result<i64> {
        const SQL: &str = "select head from logs where user_id = $1";
        let head: Option<i64> = on!(self, |db| query_scalar(SQL).bind(user.to_string()).fetch_optional(&mut **db))?;
        head.ok_or(Error::NotFound("user"))
    }
}

fn read(row: ChangeRow) -> Result<Change> {
    Ok(Change {
        position: row.position,
        change_type: ROW.parse("type", &row.r#type)?,
        provider: row.provider,
        connection_id: ROW.parse("connection_id", &row.connection_id)?,
        record_id: ROW.parse("record_id", &row.record_id)?,
        kind: ROW.parse("kind", &row.kind)?,
        day: ROW.day("day", row.day.as_deref())?,
        at: ROW.time("at", row.at)?,
    })
}

/// A change to append.
#[derive(Clone, Debug)]
pub struct NewChange {
    pub change_type: ChangeType,
    pub record_id: RecordId,
    pub kind: Kind,
    pub day: Option<Date>,
}

impl Tx<Write> {
    /// Locks a person's log until the transaction ends, so that writers of one person take turns.
    pub async fn lock_log(&mut self, user: UserId) -> Result<()> {
        const SQL: &str = "update logs set head = head where user_id = $1";
        match change!(self, |db| query(SQL).bind(user.to_string()).execute(&mut **db))? {
            1 => Ok(()),
            _ => Err(Error::NotFound("user")),
        }
    }

    /// Appends changes to a person's log, and says where it ends now.
    pub async fn append_changes(
        &mut self,
        user: UserId,
        provider: &str,
        connection: ConnectionId,
        changes: &[NewChange],
        now: Timestamp,
    ) -> Result<i64> {
        const HEAD: &str = "update logs set head = head + $2 where user_id = $1 returning head";
        const APPEND: &str = "insert into changes \
            (user_id, position, type, provider, connection_id, record_id, kind, day, at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
        let head: i64 = on!(self, |db| query_scalar(HEAD).bind(user.to_string()).bind(count).fetch_one(&mut **db))?;
        for (position, change) in (head - count + 1..).zip(changes) {
            change!(self, |db| query(APPEND)
                .bind(user.to_string())
                .bind(position)
                .bind(change.change_type.as_str())
                .bind(provider)
                .bind(connection.to_string())
                .bind(change.record_id.to_string())
                .bind(change.kind.as_str())
                .bind(change.day.map(|day| day.to_string()))
                .bind(now.as_millisecond())
                .execute(&mut **db))?;
        }
        Ok(head)
    }
}

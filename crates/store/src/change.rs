//! The ordered log of each person: gapless positions, in the order of commits.

use jiff::{Timestamp, civil::Date};
use model::{Change, ChangeType, ConnectionId, Kind, RecordId, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    log::Grown,
    many::pieces,
    row::Row,
};

#[derive(FromRow)]
pub(crate) struct ChangeRow {
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
        rows.into_iter().map(ChangeRow::read).collect()
    }

    /// The position of a person's newest change; 0 when there is none.
    pub async fn head(&mut self, user: UserId) -> Result<i64> {
        const SQL: &str = "select head from logs where user_id = $1";
        let head: Option<i64> = on!(self, |db| query_scalar(SQL).bind(user.to_string()).fetch_optional(&mut **db))?;
        head.ok_or(Error::NotFound("user"))
    }
}

impl ChangeRow {
    pub(crate) fn read(self) -> Result<Change> {
        Ok(Change {
            position: self.position,
            change_type: ROW.parse("type", &self.r#type)?,
            provider: self.provider,
            connection_id: ROW.parse("connection_id", &self.connection_id)?,
            record_id: ROW.parse("record_id", &self.record_id)?,
            kind: ROW.parse("kind", &self.kind)?,
            day: ROW.day("day", self.day.as_deref())?,
            at: ROW.time("at", self.at)?,
        })
    }
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
        const HEAD: &str = "update logs set head = head + $2, moved_at = $3 where user_id = $1 returning head";
        let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
        let head: i64 = on!(self, |db| query_scalar(HEAD)
            .bind(user.to_string())
            .bind(count)
            .bind(now.as_millisecond())
            .fetch_one(&mut **db))?;
        let mut position = head - count;
        for piece in pieces(changes) {
            let sql = AssertSqlSafe(format!(
                "insert into changes (user_id, position, type, provider, connection_id, record_id, kind, day, at) values {}",
                self.rows(9, piece.len())
            ));
            change!(self, |db| {
                let mut query = query(sql);
                for change in piece {
                    position += 1;
                    query = query
                        .bind(user.to_string())
                        .bind(position)
                        .bind(change.change_type.as_str())
                        .bind(provider)
                        .bind(connection.to_string())
                        .bind(change.record_id.to_string())
                        .bind(change.kind.as_str())
                        .bind(change.day.map(|day| day.to_string()))
                        .bind(now.as_millisecond());
                }
                query.execute(&mut **db)
            })?;
        }
        self.grown.push(Grown { user, from: head - count, head });
        Ok(head)
    }
}

//! Where people's logs stand, and whose have grown.

use jiff::Timestamp;
use model::UserId;
use sqlx::{AssertSqlSafe, FromRow, query_as};

use crate::{
    Error, Mode, Result, Tx,
    db::on,
    many::{lists, placeholders},
    row::Row,
};

/// Where a person's log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The position of the newest change; 0 when there is none.
    pub head: i64,
    /// Changes up to this position were pruned.
    pub floor: i64,
}

/// A person's log has grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grown {
    pub user: UserId,
    /// Where it ended before.
    pub from: i64,
    /// Where it ends now.
    pub head: i64,
}

#[derive(FromRow)]
struct LogRow {
    head: i64,
    floor: i64,
}

#[derive(FromRow)]
struct HeadRow {
    user_id: String,
    head: i64,
}

const ROW: Row = Row("logs");

impl<M: Mode> Tx<M> {
    /// Where a person's log stands.
    pub async fn log(&mut self, user: UserId) -> Result<Log> {
        const SQL: &str = "select head, floor from logs where user_id = $1";
        let row: Option<LogRow> = on!(self, |db| query_as(SQL).bind(user.to_string()).fetch_optional(&mut **db))?;
        row.map(|LogRow { head, floor }| Log { head, floor }).ok_or(Error::NotFound("user"))
    }

    /// Where some people's logs end; those who are gone are left out.
    pub async fn heads(&mut self, users: &[UserId]) -> Result<Vec<(UserId, i64)>> {
        let mut heads = Vec::with_capacity(users.len());
        for users in lists(users) {
            let list = placeholders(1, users.len());
            let sql = AssertSqlSafe(format!("select user_id, head from logs where user_id in ({list})"));
            let rows: Vec<HeadRow> = on!(self, |db| users
                .iter()
                .fold(query_as(sql), |query, user| query.bind(user.to_string()))
                .fetch_all(&mut **db))?;
            for row in rows {
                heads.push((ROW.parse("user_id", &row.user_id)?, row.head));
            }
        }
        Ok(heads)
    }

    /// The people whose logs have grown since an instant, and where they end now.
    pub async fn grown_since(&mut self, since: Timestamp) -> Result<Vec<(UserId, i64)>> {
        const SQL: &str = "select user_id, head from logs where moved_at >= $1";
        let rows: Vec<HeadRow> = on!(self, |db| query_as(SQL).bind(since.as_millisecond()).fetch_all(&mut **db))?;
        rows.into_iter().map(|row| Ok((ROW.parse("user_id", &row.user_id)?, row.head))).collect()
    }
}

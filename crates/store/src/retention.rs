//! How long people's records are kept, and from which day on they are.

use jiff::civil::Date;
use model::UserId;
use sqlx::{FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// How long a person's records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The person's own wish, in days; none: as long as the server keeps records.
    pub days: Option<u32>,
    /// Of earlier days no record is kept; none: all are.
    pub keep_from: Option<Date>,
}

#[derive(FromRow)]
struct RetentionRow {
    record_retention_days: Option<i64>,
    keep_from: Option<String>,
}

impl<M: Mode> Tx<M> {
    /// How long a person's records are kept.
    pub async fn retention(&mut self, user: UserId) -> Result<Retention> {
        const SQL: &str = "select record_retention_days, keep_from from users join logs on logs.user_id = users.id \
                           where users.id = $1";
        let row: Option<RetentionRow> = on!(self, |db| query_as(SQL).bind(user.to_string()).fetch_optional(&mut **db))?;
        let row = row.ok_or(Error::NotFound("user"))?;
        Ok(Retention {
            days: row.record_retention_days.and_then(|days| u32::try_from(days).ok()),
            keep_from: Row("logs").day("keep_from", row.keep_from.as_deref())?,
        })
    }

    /// Some people after one of them whose records grow too old: those who want it so, or all.
    pub async fn aging_users(&mut self, after: Option<UserId>, all: bool, limit: i64) -> Result<Vec<UserId>> {
        const SQL: &str = "select users.id from users join logs on logs.user_id = users.id where users.id > $1 \
            and ($2 or record_retention_days is not null or keep_from is not null) order by users.id limit $3";
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let ids: Vec<String> =
            on!(self, |db| query_scalar(SQL).bind(after).bind(all).bind(limit).fetch_all(&mut **db))?;
        ids.iter().map(|id| Row("users").parse("id", id)).collect()
    }
}

impl Tx<Write> {
    /// Locks a person's records and their log until the transaction ends; says from which day on records are kept.
    pub async fn lock_records(&mut self, user: UserId) -> Result<Option<Date>> {
        const SQL: &str = "update logs set head = head where user_id = $1 returning keep_from";
        let keep_from: Option<Option<String>> =
            on!(self, |db| query_scalar(SQL).bind(user.to_string()).fetch_optional(&mut **db))?;
        Row("logs").day("keep_from", keep_from.ok_or(Error::NotFound("user"))?.as_deref())
    }

    /// Sets how many days a person wants their records to be kept.
    pub async fn set_retention(&mut self, user: UserId, days: Option<u32>) -> Result<()> {
        const SQL: &str = "update users set record_retention_days = $2 where id = $1";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(days.map(i64::from)).execute(&mut **db))?;
        Ok(())
    }

    /// Sets from which day on a person's records are kept.
    pub async fn set_keep_from(&mut self, user: UserId, day: Option<Date>) -> Result<()> {
        const SQL: &str = "update logs set keep_from = $2 where user_id = $1";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(day.map(|day| day.to_string())).execute(&mut **db))?;
        Ok(())
    }
}

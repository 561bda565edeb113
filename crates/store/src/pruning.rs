//! What is forgotten of people's logs: the oldest changes, up to a floor below which no cursor leads on.

use jiff::Timestamp;
use model::UserId;
use sqlx::{query, query_scalar};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

impl<M: Mode> Tx<M> {
    /// Some people after one of them whose oldest change is older than an instant.
    pub async fn overgrown(&mut self, after: Option<UserId>, before: Timestamp, limit: i64) -> Result<Vec<UserId>> {
        const SQL: &str = "select user_id from logs where user_id > $1 and exists (select 1 from changes \
            where changes.user_id = logs.user_id and changes.position = logs.floor + 1 and changes.at < $2) \
            order by user_id limit $3";
        let ids: Vec<String> = on!(self, |db| query_scalar(SQL)
            .bind(after.map(|id| id.to_string()).unwrap_or_default())
            .bind(before.as_millisecond())
            .bind(limit)
            .fetch_all(&mut **db))?;
        ids.iter().map(|id| Row("logs").parse("user_id", id)).collect()
    }

    /// The position up to which all of a person's changes are older than an instant.
    pub async fn older_up_to(&mut self, user: UserId, before: Timestamp) -> Result<i64> {
        const YOUNG: &str = "select position from changes where user_id = $1 and at >= $2 order by position limit 1";
        let young: Option<i64> = on!(self, |db| query_scalar(YOUNG)
            .bind(user.to_string())
            .bind(before.as_millisecond())
            .fetch_optional(&mut **db))?;
        match young {
            Some(position) => Ok(position - 1),
            None => self.head(user).await,
        }
    }
}

impl Tx<Write> {
    /// Deletes a person's changes up to a position, no more than so many of the oldest; says how many.
    pub async fn prune_changes(&mut self, user: UserId, up_to: i64, limit: i64) -> Result<u64> {
        const FLOOR: &str = "update logs set floor = case when floor + $3 < $2 then floor + $3 else $2 end \
                             where user_id = $1 and floor < $2 returning floor";
        const DELETE: &str = "delete from changes where user_id = $1 and position <= $2";
        let floor: Option<i64> = on!(self, |db| query_scalar(FLOOR)
            .bind(user.to_string())
            .bind(up_to)
            .bind(limit)
            .fetch_optional(&mut **db))?;
        let Some(floor) = floor else { return Ok(0) };
        Ok(change!(self, |db| query(DELETE).bind(user.to_string()).bind(floor).execute(&mut **db))?)
    }
}

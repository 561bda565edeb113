//! What people share with every reader.

use model::{Sharing, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    many::{lists, placeholders},
    row::{Row, to_json},
};

#[derive(FromRow)]
struct SharingRow {
    user_id: String,
    switches: String,
}

const ROW: Row = Row("sharing");

impl<M: Mode> Tx<M> {
    /// A person's switches; all on until they turn one off.
    pub async fn sharing(&mut self, user: UserId) -> Result<Sharing> {
        const SQL: &str = "select switches from sharing where user_id = $1";
        let text: Option<String> = on!(self, |db| query_scalar(SQL).bind(user.to_string()).fetch_optional(&mut **db))?;
        text.map_or_else(|| Ok(Sharing::default()), |text| ROW.json("switches", &text))
    }

    /// Some people's switches. Those who never turned one are left out: theirs are all on.
    pub async fn sharings(&mut self, users: &[UserId]) -> Result<Vec<(UserId, Sharing)>> {
        let mut sharings = Vec::new();
        for users in lists(users) {
            let list = placeholders(1, users.len());
            let sql = AssertSqlSafe(format!("select user_id, switches from sharing where user_id in ({list})"));
            let rows: Vec<SharingRow> = on!(self, |db| users
                .iter()
                .fold(query_as(sql), |query, user| query.bind(user.to_string()))
                .fetch_all(&mut **db))?;
            for row in rows {
                sharings.push((ROW.parse("user_id", &row.user_id)?, ROW.json("switches", &row.switches)?));
            }
        }
        Ok(sharings)
    }
}

impl Tx<Write> {
    /// Sets a person's switches.
    pub async fn set_sharing(&mut self, user: UserId, sharing: &Sharing) -> Result<()> {
        const SQL: &str = "insert into sharing (user_id, switches) values ($1, $2) \
                           on conflict (user_id) do update set switches = excluded.switches";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(to_json(sharing)).execute(&mut **db))?;
        Ok(())
    }
}

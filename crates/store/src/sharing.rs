//! What people share with every reader.

use model::{Sharing, UserId};
use sqlx::{query, query_scalar};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::{Row, to_json},
};

impl<M: Mode> Tx<M> {
    /// A person's switches; all on until they turn one off.
    pub async fn sharing(&mut self, user: UserId) -> Result<Sharing> {
        const SQL: &str = "select switches from sharing where user_id = $1";
        let text: Option<String> = on!(self, |db| query_scalar(SQL).bind(user.to_string()).fetch_optional(&mut **db))?;
        text.map_or_else(|| Ok(Sharing::default()), |text| Row("sharing").json("switches", &text))
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

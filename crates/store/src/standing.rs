//! What an agent's context begins with: a person, what they share, and their connections in use, in two looks.

use std::collections::BTreeSet;

use model::{Connection, ConnectionId, Kind, Sharing, User, UserId};
use sqlx::{FromRow, query_as};

use crate::{
    Error, Mode, Result, Tx,
    connection::{ConnectionRow, columns},
    db::on,
    row::Row,
    user::UserRow,
};

/// A person, what they share, and their connections in use.
#[derive(Clone, Debug)]
pub struct Standing {
    pub user: User,
    pub sharing: Sharing,
    /// The newest first.
    pub connections: Vec<InUse>,
}

/// A connection in use.
#[derive(Clone, Debug)]
pub struct InUse {
    pub connection: Connection,
    /// What the person consents to have collected.
    pub kinds: BTreeSet<Kind>,
    /// Collections that could not be read last time.
    pub failing: Vec<String>,
}

#[derive(FromRow)]
struct PersonRow {
    #[sqlx(flatten)]
    user: UserRow,
    master_key_id: String,
    key_sealed: Option<Vec<u8>>,
    switches: Option<String>,
}

/// A connection, once for each collection that fails.
#[derive(FromRow)]
struct InUseRow {
    #[sqlx(flatten)]
    connection: ConnectionRow,
    consented: Option<String>,
    failing: Option<String>,
}

impl<M: Mode> Tx<M> {
    /// A person, what they share, and their connections in use.
    pub async fn standing(&mut self, user: UserId) -> Result<Standing> {
        const SQL: &str = "select id, external_id, email, role, zone, created_at, master_key_id, key_sealed, switches \
                           from users left join sharing on sharing.user_id = users.id where id = $1";
        let row: Option<PersonRow> = on!(self, |db| query_as(SQL).bind(user.to_string()).fetch_optional(&mut **db))?;
        let row = row.ok_or(Error::NotFound("user"))?;
        if let Some(sealed) = &row.key_sealed {
            self.open_user_key(user, &row.master_key_id, sealed)?;
        }
        let sharing = row.switches.map(|text| Row("sharing").json("switches", &text)).transpose()?.unwrap_or_default();
        Ok(Standing { user: row.user.read()?, sharing, connections: self.connections_in_use(user).await? })
    }

    async fn connections_in_use(&mut self, user: UserId) -> Result<Vec<InUse>> {
        const SQL: &str = concat!(
            "select found.*, consents.kinds as consented, collections.collection as failing from (",
            columns!("where user_id = $1 and state in ('active', 'needs_consent')"),
            ") as found left join consents on consents.connection_id = found.id and consents.withdrawn_at is null ",
            "left join collections on collections.connection_id = found.id and collections.last_error is not null ",
            "order by found.id desc, consents.id, collections.collection"
        );
        let rows: Vec<InUseRow> = on!(self, |db| query_as(SQL).bind(user.to_string()).fetch_all(&mut **db))?;
        let mut found: Vec<InUse> = Vec::new();
        for InUseRow { connection, consented, failing } in rows {
            let connection = self.read_connection(connection).await?;
            let kinds = consented.map(|text| Row("consents").json("kinds", &text)).transpose()?.unwrap_or_default();
            match found.last_mut().filter(|last| is_same(last, connection.id)) {
                Some(last) => last.failing.extend(failing),
                None => found.push(InUse { connection, kinds, failing: failing.into_iter().collect() }),
            }
        }
        Ok(found)
    }
}

fn is_same(last: &InUse, id: ConnectionId) -> bool {
    last.connection.id == id
}

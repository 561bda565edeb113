//! What people agreed to.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{ConnectionId, Consent, ConsentId, Kind, UserId};
use sqlx::{FromRow, query, query_as};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::{Row, to_json},
};

#[derive(FromRow)]
struct ConsentRow {
    id: String,
    provider: String,
    kinds: String,
    purpose: String,
    version: String,
    given_at: i64,
    withdrawn_at: Option<i64>,
}

const ROW: Row = Row("consents");

impl<M: Mode> Tx<M> {
    /// What a person agreed to for a connection and has not withdrawn.
    pub async fn find_consent(&mut self, user: UserId, connection: ConnectionId) -> Result<Option<Consent>> {
        const SQL: &str = "select id, provider, kinds, purpose, version, given_at, withdrawn_at from consents \
            where user_id = $1 and connection_id = $2 and withdrawn_at is null order by id desc limit 1";
        let row: Option<ConsentRow> = on!(self, |db| query_as(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .fetch_optional(&mut **db))?;
        row.map(|row| {
            Ok(Consent {
                id: ROW.parse("id", &row.id)?,
                provider: row.provider,
                kinds: ROW.json("kinds", &row.kinds)?,
                purpose: row.purpose,
                version: row.version,
                given_at: ROW.time("given_at", row.given_at)?,
                withdrawn_at: ROW.time_opt("withdrawn_at", row.withdrawn_at)?,
            })
        })
        .transpose()
    }
}

impl Tx<Write> {
    /// Keeps what a person agreed to, in place of what they agreed to before.
    #[expect(clippy::too_many_arguments, reason = "a consent is all of these, and nothing else is made of them")]
    pub async fn give_consent(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        provider: &str,
        kinds: &BTreeSet<Kind>,
        purpose: &str,
        version: &str,
        given_at: Timestamp,
    ) -> Result<()> {
        const SQL: &str = "insert into consents \
            (id, user_id, connection_id, provider, kinds, purpose, version, given_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8)";
        self.withdraw_consent(user, connection, given_at).await?;
        let id: ConsentId = self.random.id(given_at);
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(provider)
            .bind(to_json(kinds))
            .bind(purpose)
            .bind(version)
            .bind(given_at.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }

    /// Notes that a consent no longer holds.
    pub async fn withdraw_consent(&mut self, user: UserId, connection: ConnectionId, now: Timestamp) -> Result<()> {
        const SQL: &str = "update consents set withdrawn_at = $3 \
                           where user_id = $1 and connection_id = $2 and withdrawn_at is null";
        change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }
}

//! Connections' sealed tokens, and the rules by which one refresh at a time replaces them.

use jiff::Timestamp;
use model::{ConnectionId, Credential, TokenSet, UserId};
use sqlx::{FromRow, query, query_as};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
    seal::Key,
};

/// What became of a wish to refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours to do, and the intent is on record.
    Taken,
    /// Somebody else is at it, until this instant at the latest.
    Held(Timestamp),
    /// Somebody else has done it.
    Rotated,
}

/// What became of tokens to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    Stored,
    /// Somebody stored newer ones.
    Overtaken,
    /// The connection was removed meanwhile: these tokens must be revoked.
    Removed,
}

#[derive(FromRow)]
struct CredentialRow {
    access_sealed: Vec<u8>,
    refresh_sealed: Option<Vec<u8>>,
    expires_at: i64,
    refresh_at: i64,
    rotation: i64,
    lease_until: i64,
    intent_at: Option<i64>,
}

struct Sealed {
    access: Vec<u8>,
    refresh: Option<Vec<u8>>,
}

const ROW: Row = Row("credentials");

fn place(connection: ConnectionId, which: &str) -> String {
    format!("credential:{connection}:{which}")
}

impl<M: Mode> Tx<M> {
    /// A connection's tokens.
    pub async fn find_credential(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        now: Timestamp,
    ) -> Result<Option<Credential>> {
        let Some(row) = self.credential_row(user, connection).await? else { return Ok(None) };
        let key = self.connection_key(user, connection).await?;
        let refresh = match &row.refresh_sealed {
            Some(sealed) => Some(key.open_text(&place(connection, "refresh"), sealed)?),
            None => None,
        };
        Ok(Some(Credential {
            access: key.open_text(&place(connection, "access"), &row.access_sealed)?,
            refresh,
            expires_at: ROW.time("expires_at", row.expires_at)?,
            refresh_at: ROW.time("refresh_at", row.refresh_at)?,
            rotation: row.rotation,
            outcome_unknown: row.intent_at.is_some() && row.lease_until <= now.as_millisecond(),
            being_refreshed: row.intent_at.is_some() && row.lease_until > now.as_millisecond(),
        }))
    }

    async fn credential_row(&mut self, user: UserId, connection: ConnectionId) -> Result<Option<CredentialRow>> {
        const SQL: &str = "select access_sealed, refresh_sealed, expires_at, refresh_at, rotation, lease_until, intent_at \
                           from credentials where user_id = $1 and connection_id = $2";
        Ok(on!(self, |db| query_as(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_optional(&mut **db))?)
    }

    /// When a connection's access token expires.
    pub async fn token_expiry(&mut self, user: UserId, connection: ConnectionId) -> Result<Option<Timestamp>> {
        let row = self.credential_row(user, connection).await?;
        row.map(|row| ROW.time("expires_at", row.expires_at)).transpose()
    }
}

impl Tx<Write> {
    /// Keeps the tokens of an authorisation, in place of any before.
    pub async fn keep_credential(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        tokens: &TokenSet,
        now: Timestamp,
    ) -> Result<()> {
        const SQL: &str = "insert into credentials \
            (connection_id, user_id, access_sealed, refresh_sealed, expires_at, refresh_at, rotation) \
            values ($1, $2, $3, $4, $5, $6, $7) \
            on conflict (connection_id) do update set access_sealed = excluded.access_sealed, \
            refresh_sealed = excluded.refresh_sealed, expires_at = excluded.expires_at, refresh_at = excluded.refresh_at, \
            rotation = credentials.rotation + 1, lease_owner = null, lease_until = 0, intent_at = null";
        let sealed = self.seal_tokens(user, connection, tokens).await?;
        // Begun at random: a refresh from before a disconnect must not take tokens of after it for its own.
        let first_rotation = i64::from(u32::from_le_bytes(self.random.bytes()));
        change!(self, |db| query(SQL)
            .bind(connection.to_string())
            .bind(user.to_string())
            .bind(&sealed.access)
            .bind(sealed.refresh.as_deref())
            .bind(Credential::expires_at(now, tokens.expires_in).as_millisecond())
            .bind(Credential::refresh_at(now, tokens.expires_in).as_millisecond())
            .bind(first_rotation)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Locks a connection's tokens until the transaction ends, so that what is read of them stays true.
    pub async fn lock_credential(&mut self, user: UserId, connection: ConnectionId) -> Result<()> {
        const SQL: &str = "update credentials set rotation = rotation where user_id = $1 and connection_id = $2";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(connection.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Claims the refresh of a rotation, and puts the intent on record.
    pub async fn claim_refresh(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        rotation: i64,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Claim> {
        const SQL: &str = "update credentials set lease_owner = $4, lease_until = $6, intent_at = coalesce(intent_at, $5) \
            where user_id = $1 and connection_id = $2 and rotation = $3 and lease_until <= $5";
        let taken = change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(rotation)
            .bind(owner)
            .bind(now.as_millisecond())
            .bind(lease_until.as_millisecond())
            .execute(&mut **db))?;
        if taken == 1 {
            return Ok(Claim::Taken);
        }
        let row = self.credential_row(user, connection).await?.ok_or(Error::NotFound("credential"))?;
        if row.rotation == rotation {
            Ok(Claim::Held(ROW.time("lease_until", row.lease_until)?))
        } else {
            Ok(Claim::Rotated)
        }
    }

    /// Stores refreshed tokens if the rotation that they replace is still the newest.
    pub async fn swap_credential(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        rotation: i64,
        tokens: &TokenSet,
        now: Timestamp,
    ) -> Result<Swap> {
        // A provider that does not rotate sends no new refresh token: the old one lives on.
        const SQL: &str = "update credentials set access_sealed = $4, refresh_sealed = coalesce($5, refresh_sealed), \
            expires_at = $6, refresh_at = $7, rotation = rotation + 1, lease_owner = null, lease_until = 0, intent_at = null \
            where user_id = $1 and connection_id = $2 and rotation = $3";
        let sealed = match self.seal_tokens(user, connection, tokens).await {
            Err(Error::KeyMissing(_) | Error::NotFound(_)) => return Ok(Swap::Removed),
            other => other?,
        };
        let swapped = change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(rotation)
            .bind(&sealed.access)
            .bind(sealed.refresh.as_deref())
            .bind(Credential::expires_at(now, tokens.expires_in).as_millisecond())
            .bind(Credential::refresh_at(now, tokens.expires_in).as_millisecond())
            .execute(&mut **db))?;
        if swapped == 1 {
            return Ok(Swap::Stored);
        }
        Ok(if self.credential_row(user, connection).await?.is_some() { Swap::Overtaken } else { Swap::Removed })
    }

    /// Ends a refresh that brought no tokens. The intent stays on record where its outcome is unknown.
    pub async fn release_refresh(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        owner: &str,
        outcome_known: bool,
    ) -> Result<()> {
        const SQL: &str = "update credentials set lease_owner = null, lease_until = 0, \
            intent_at = case when $4 then null else intent_at end \
            where user_id = $1 and connection_id = $2 and lease_owner = $3";
        change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(owner)
            .bind(outcome_known)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Destroys a connection's tokens.
    pub async fn destroy_credential(&mut self, user: UserId, connection: ConnectionId) -> Result<()> {
        const SQL: &str = "delete from credentials where user_id = $1 and connection_id = $2";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(connection.to_string()).execute(&mut **db))?;
        Ok(())
    }

    async fn seal_tokens(&mut self, user: UserId, connection: ConnectionId, tokens: &TokenSet) -> Result<Sealed> {
        let key: Key = self.connection_key(user, connection).await?;
        let access = key.seal(&self.random, &place(connection, "access"), tokens.access.expose().as_bytes())?;
        let refresh = match &tokens.refresh {
            Some(refresh) => {
                Some(key.seal(&self.random, &place(connection, "refresh"), refresh.expose().as_bytes())?)
            }
            None => None,
        };
        Ok(Sealed { access, refresh })
    }
}

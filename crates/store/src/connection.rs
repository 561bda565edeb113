//! People's links to their accounts at providers.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Account, Connection, ConnectionId, ConnectionState, Reason, UserId};
use sqlx::{FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::{Row, split, words},
    seal::{Key, connection_place},
};

/// A connection to add.
#[derive(Clone, Debug)]
pub struct NewConnection {
    pub user_id: UserId,
    pub provider: String,
    pub account: Account,
    pub scopes_asked: BTreeSet<String>,
    pub scopes_granted: Option<BTreeSet<String>>,
}

#[derive(FromRow)]
pub(crate) struct ConnectionRow {
    id: String,
    user_id: String,
    provider: String,
    state: String,
    reason: Option<String>,
    account_id: Option<String>,
    account_sealed: Option<Vec<u8>>,
    key_sealed: Option<Vec<u8>>,
    scopes_asked: String,
    scopes_granted: Option<String>,
    created_at: i64,
    state_since: i64,
    connected_at: Option<i64>,
    last_sync_at: Option<i64>,
    last_error: Option<String>,
}

const ROW: Row = Row("connections");

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, user_id, provider, state, reason, account_id, account_sealed, key_sealed, scopes_asked, ",
            "scopes_granted, created_at, state_since, connected_at, last_sync_at, last_error from connections ",
            $rest
        )
    };
}
pub(crate) use columns;

fn account_place(connection: ConnectionId) -> String {
    format!("account:{connection}")
}

impl<M: Mode> Tx<M> {
    /// A connection that must exist.
    pub async fn connection(&mut self, user: UserId, id: ConnectionId) -> Result<Connection> {
        const SQL: &str = columns!("where user_id = $1 and id = $2");
        let row: Option<ConnectionRow> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(id.to_string()).fetch_optional(&mut **db))?;
        self.read_connection(row.ok_or(Error::NotFound("connection"))?).await
    }

    /// A person's connection to a provider that is active or needs consent.
    pub async fn find_connection(&mut self, user: UserId, provider: &str) -> Result<Option<Connection>> {
        const SQL: &str = columns!("where user_id = $1 and provider = $2 and state in ('active', 'needs_consent')");
        let row: Option<ConnectionRow> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(provider).fetch_optional(&mut **db))?;
        match row {
            Some(row) => self.read_connection(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// A person's earlier connection to an account, whose kept data a new one can go on with.
    pub async fn find_removed_connection(
        &mut self,
        user: UserId,
        provider: &str,
        account_id: &str,
    ) -> Result<Option<Connection>> {
        const SQL: &str = columns!(
            "where user_id = $1 and provider = $2 and account_id = $3 and state = 'removed' and key_sealed is not null \
             order by id desc limit 1"
        );
        let row: Option<ConnectionRow> = on!(self, |db| query_as(SQL)
            .bind(user.to_string())
            .bind(provider)
            .bind(account_id)
            .fetch_optional(&mut **db))?;
        match row {
            Some(row) => self.read_connection(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// All of a person's connections, removed ones too, the newest first.
    pub async fn connections(&mut self, user: UserId) -> Result<Vec<Connection>> {
        const SQL: &str = columns!("where user_id = $1 order by id desc");
        let rows: Vec<ConnectionRow> = on!(self, |db| query_as(SQL).bind(user.to_string()).fetch_all(&mut **db))?;
        let mut connections = Vec::with_capacity(rows.len());
        for row in rows {
            connections.push(self.read_connection(row).await?);
        }
        Ok(connections)
    }

    /// Whether a connection in use stands on an account, whosever it is; one of them may be left out of account.
    pub async fn is_account_used(
        &mut self,
        provider: &str,
        account_id: &str,
        but: Option<ConnectionId>,
    ) -> Result<bool> {
        const SQL: &str = "select count(*) from connections where provider = $1 and account_id = $2 and id <> $3 \
                           and state in ('pending', 'active', 'needs_consent')";
        let connections: i64 = on!(self, |db| query_scalar(SQL)
            .bind(provider)
            .bind(account_id)
            .bind(but.map(|id| id.to_string()).unwrap_or_default())
            .fetch_one(&mut **db))?;
        Ok(connections > 0)
    }

    /// Whether a connection of a person to a provider waits to be confirmed.
    pub async fn has_pending_connection(&mut self, user: UserId, provider: &str) -> Result<bool> {
        const SQL: &str = "select count(*) from connections where user_id = $1 and provider = $2 and state = 'pending'";
        let waiting: i64 =
            on!(self, |db| query_scalar(SQL).bind(user.to_string()).bind(provider).fetch_one(&mut **db))?;
        Ok(waiting > 0)
    }

    /// When a provider last answered the sync of anybody whose connection is active.
    pub async fn last_success(&mut self, provider: &str) -> Result<Option<Timestamp>> {
        const SQL: &str = "select max(last_sync_at) from connections where provider = $1 and state = 'active'";
        let millis: Option<i64> = on!(self, |db| query_scalar(SQL).bind(provider).fetch_one(&mut **db))?;
        ROW.time_opt("last_sync_at", millis)
    }

    /// Whether anybody's connection to a provider is active.
    pub async fn has_active_connection(&mut self, provider: &str) -> Result<bool> {
        const SQL: &str = "select exists (select 1 from connections where provider = $1 and state = 'active')";
        Ok(on!(self, |db| query_scalar(SQL).bind(provider).fetch_one(&mut **db))?)
    }

    pub(crate) async fn read_connection(&mut self, row: ConnectionRow) -> Result<Connection> {
        let id: ConnectionId = ROW.parse("id", &row.id)?;
        let user_id: UserId = ROW.parse("user_id", &row.user_id)?;
        let label = match (&row.account_sealed, &row.key_sealed) {
            (Some(sealed), Some(key_sealed)) => {
                let key = self.open_connection_key(user_id, id, key_sealed).await?;
                Some(key.open_text(&account_place(id), sealed)?.expose().to_owned())
            }
            _ => None,
        };
        self.ring.providers.insert(id, row.provider.clone());
        Ok(Connection {
            id,
            user_id,
            provider: row.provider,
            state: ROW.parse("state", &row.state)?,
            reason: ROW.parse_opt("reason", row.reason.as_deref())?,
            account: Account { id: row.account_id.unwrap_or_default(), label },
            scopes_granted: row.scopes_granted.as_deref().map(split),
            scopes_asked: split(&row.scopes_asked),
            created_at: ROW.time("created_at", row.created_at)?,
            state_since: ROW.time("state_since", row.state_since)?,
            connected_at: ROW.time_opt("connected_at", row.connected_at)?,
            last_sync_at: ROW.time_opt("last_sync_at", row.last_sync_at)?,
            last_error: row.last_error,
        })
    }

    /// Active connections that have no recurring sync ahead of them.
    pub async fn idle_connections(&mut self) -> Result<Vec<Connection>> {
        const SQL: &str = columns!(
            "where state = 'active' and not exists (select 1 from jobs where jobs.connection_id = connections.id \
             and jobs.finished_at is null and jobs.dedupe_key like 'sync:%') limit 100"
        );
        let rows: Vec<ConnectionRow> = on!(self, |db| query_as(SQL).fetch_all(&mut **db))?;
        let mut connections = Vec::with_capacity(rows.len());
        for row in rows {
            connections.push(self.read_connection(row).await?);
        }
        Ok(connections)
    }
}

impl Tx<Write> {
    /// Adds a connection that waits to be confirmed, with a data key of its own.
    pub async fn add_connection(&mut self, now: Timestamp, new: NewConnection) -> Result<ConnectionId> {
        const SQL: &str = "insert into connections \
            (id, user_id, provider, state, account_id, account_sealed, key_sealed, scopes_asked, scopes_granted, created_at, \
            state_since) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)";
        let id: ConnectionId = self.random.id(now);
        let key = Key::new(&self.random);
        let sealed = self.user_key(new.user_id).await?.wrap(&self.random, &connection_place(id), &key)?;
        let label = match &new.account.label {
            Some(label) => Some(key.seal(&self.random, &account_place(id), label.as_bytes())?),
            None => None,
        };
        self.ring.connections.insert(id, key);
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(new.user_id.to_string())
            .bind(&new.provider)
            .bind(ConnectionState::Pending.as_str())
            .bind(&new.account.id)
            .bind(label.as_deref())
            .bind(&sealed)
            .bind(words(&new.scopes_asked))
            .bind(new.scopes_granted.as_ref().map(words))
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        Ok(id)
    }

    /// Moves a connection to a state that its present one leads to.
    pub async fn move_connection(
        &mut self,
        connection: &Connection,
        to: ConnectionState,
        reason: Option<Reason>,
        now: Timestamp,
    ) -> Result<()> {
        const SQL: &str = "update connections set state = $4, reason = $5, state_since = $6, \
            connected_at = case when $4 = 'active' then $6 else connected_at end, \
            removed_at = case when $4 = 'removed' then $6 else null end \
            where user_id = $1 and id = $2 and state = $3";
        connection.state.to(to).map_err(|_| Error::Conflict("another state of the connection"))?;
        let moved = change!(self, |db| query(SQL)
            .bind(connection.user_id.to_string())
            .bind(connection.id.to_string())
            .bind(connection.state.as_str())
            .bind(to.as_str())
            .bind(reason.map(Reason::as_str))
            .bind(now.as_millisecond())
            .execute(&mut **db))
        .map_err(Error::on_conflict("an active connection to this provider"))?;
        if moved == 1 { Ok(()) } else { Err(Error::Conflict("another state of the connection")) }
    }

    /// Notes whose account a connection turned out to be.
    pub async fn set_account(&mut self, user: UserId, id: ConnectionId, account: &Account) -> Result<()> {
        const SQL: &str = "update connections set account_id = $3, account_sealed = $4 where user_id = $1 and id = $2";
        let key = self.connection_key(user, id).await?;
        let label = account.label.as_ref();
        let sealed = label.map(|label| key.seal(&self.random, &account_place(id), label.as_bytes())).transpose()?;
        change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(&account.id)
            .bind(sealed.as_deref())
            .execute(&mut **db))?;
        Ok(())
    }

    /// Notes what was asked for and granted anew.
    pub async fn set_scopes(
        &mut self,
        user: UserId,
        id: ConnectionId,
        asked: &BTreeSet<String>,
        granted: Option<&BTreeSet<String>>,
    ) -> Result<()> {
        const SQL: &str =
            "update connections set scopes_asked = $3, scopes_granted = $4 where user_id = $1 and id = $2";
        change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(words(asked))
            .bind(granted.map(words))
            .execute(&mut **db))?;
        Ok(())
    }

    /// Notes how the last sync went: when it brought something, and what went wrong.
    pub async fn note_sync(
        &mut self,
        user: UserId,
        id: ConnectionId,
        succeeded_at: Option<Timestamp>,
        error: Option<&str>,
    ) -> Result<()> {
        const SQL: &str = "update connections set last_sync_at = coalesce($3, last_sync_at), last_error = $4 \
                           where user_id = $1 and id = $2";
        change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(succeeded_at.map(Timestamp::as_millisecond))
            .bind(error)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Takes the next generation: before a request, so that answers can be put in order.
    pub async fn next_generation(&mut self, user: UserId, id: ConnectionId) -> Result<i64> {
        const SQL: &str = "update connections set generation = generation + 1 \
                           where user_id = $1 and id = $2 and state = 'active' returning generation";
        let generation: Option<i64> =
            on!(self, |db| query_scalar(SQL).bind(user.to_string()).bind(id.to_string()).fetch_optional(&mut **db))?;
        generation.ok_or(Error::NotFound("active connection"))
    }

    /// Destroys a connection's data key, and with it whatever it sealed.
    pub async fn destroy_connection_key(&mut self, user: UserId, id: ConnectionId) -> Result<()> {
        const SQL: &str = "update connections set key_sealed = null, account_sealed = null, account_id = null \
                           where user_id = $1 and id = $2";
        self.ring.connections.remove(&id);
        change!(self, |db| query(SQL).bind(user.to_string()).bind(id.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// The connections that were never confirmed and are older than an instant.
    pub async fn abandoned_connections(&mut self, before: Timestamp) -> Result<Vec<(UserId, ConnectionId)>> {
        const SQL: &str = "select user_id, id from connections where state = 'pending' and created_at < $1 \
                           and account_id <> '' limit 100";
        let rows: Vec<(String, String)> =
            on!(self, |db| query_as(SQL).bind(before.as_millisecond()).fetch_all(&mut **db))?;
        rows.into_iter().map(|(user, id)| Ok((ROW.parse("user_id", &user)?, ROW.parse("id", &id)?))).collect()
    }
}

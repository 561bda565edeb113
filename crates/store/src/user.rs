//! People, and the keys that open what is theirs.

use jiff::Timestamp;
use model::{ConnectionId, Role, User, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    many::{lists, placeholders},
    row::Row,
    seal::{Key, connection_place},
};

/// Somebody to add.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub external_id: Option<String>,
    pub email: Option<String>,
    pub password_hash: Option<String>,
    pub role: Role,
    pub zone: String,
}

#[derive(FromRow)]
pub(crate) struct UserRow {
    id: String,
    external_id: Option<String>,
    email: Option<String>,
    role: String,
    zone: String,
    created_at: i64,
}

const ROW: Row = Row("users");
const COLUMNS: &str = "select id, external_id, email, role, zone, created_at from users";

impl UserRow {
    pub(crate) fn read(self) -> Result<User> {
        Ok(User {
            id: ROW.parse("id", &self.id)?,
            external_id: self.external_id,
            email: self.email,
            role: ROW.parse("role", &self.role)?,
            zone: self.zone,
            created_at: ROW.time("created_at", self.created_at)?,
        })
    }
}

#[derive(FromRow)]
struct KeyRow {
    id: String,
    master_key_id: String,
    key_sealed: Option<Vec<u8>>,
}

impl<M: Mode> Tx<M> {
    /// Somebody who must exist.
    pub async fn user(&mut self, id: UserId) -> Result<User> {
        self.user_where("id", &id.to_string()).await?.ok_or(Error::NotFound("user"))
    }

    /// Somebody by the name that an embedding app gave.
    pub async fn find_user_by_external_id(&mut self, external_id: &str) -> Result<Option<User>> {
        self.user_where("external_id", external_id).await
    }

    /// Somebody by e-mail address.
    pub async fn find_user_by_email(&mut self, email: &str) -> Result<Option<User>> {
        self.user_where("email", &email.to_lowercase()).await
    }

    async fn user_where(&mut self, column: &'static str, value: &str) -> Result<Option<User>> {
        let sql = AssertSqlSafe(format!("{COLUMNS} where {column} = $1"));
        let row: Option<UserRow> = on!(self, |db| query_as(sql).bind(value).fetch_optional(&mut **db))?;
        row.map(UserRow::read).transpose()
    }

    /// People in the order of their ids, after one of them.
    pub async fn users(&mut self, after: Option<UserId>, limit: i64) -> Result<Vec<User>> {
        const SQL: &str =
            "select id, external_id, email, role, zone, created_at from users where id > $1 order by id limit $2";
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows: Vec<UserRow> = on!(self, |db| query_as(SQL).bind(after).bind(limit).fetch_all(&mut **db))?;
        rows.into_iter().map(UserRow::read).collect()
    }

    /// Some people; those who are gone are left out.
    pub async fn people(&mut self, ids: &[UserId]) -> Result<Vec<User>> {
        let mut people = Vec::with_capacity(ids.len());
        for ids in lists(ids) {
            let sql = AssertSqlSafe(format!("{COLUMNS} where id in ({})", placeholders(1, ids.len())));
            let rows: Vec<UserRow> = on!(self, |db| ids
                .iter()
                .fold(query_as(sql), |query, id| query.bind(id.to_string()))
                .fetch_all(&mut **db))?;
            for row in rows {
                people.push(row.read()?);
            }
        }
        Ok(people)
    }

    /// The person's data key, opened once a transaction.
    pub(crate) async fn user_key(&mut self, user: UserId) -> Result<Key> {
        if let Some(key) = self.ring.users.get(&user) {
            return Ok(key.clone());
        }
        const SQL: &str = "select id, master_key_id, key_sealed from users where id = $1";
        let row: Option<KeyRow> = on!(self, |db| query_as(SQL).bind(user.to_string()).fetch_optional(&mut **db))?;
        let row = row.ok_or(Error::NotFound("user"))?;
        let sealed = row.key_sealed.ok_or_else(|| Error::KeyMissing(format!("of user {user}")))?;
        self.open_user_key(user, &row.master_key_id, &sealed)
    }

    /// The person's data key as it was just read.
    pub(crate) fn open_user_key(&mut self, user: UserId, master: &str, sealed: &[u8]) -> Result<Key> {
        let key = self.ring.keys.open_user_key(user, master, sealed)?;
        self.ring.users.insert(user, key.clone());
        Ok(key)
    }

    /// The connection's data key, opened once a transaction.
    pub(crate) async fn connection_key(&mut self, user: UserId, connection: ConnectionId) -> Result<Key> {
        if let Some(key) = self.ring.connections.get(&connection) {
            return Ok(key.clone());
        }
        const SQL: &str = "select key_sealed from connections where user_id = $1 and id = $2";
        let sealed: Option<Option<Vec<u8>>> = on!(self, |db| query_scalar(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .fetch_optional(&mut **db))?;
        let sealed = sealed
            .ok_or(Error::NotFound("connection"))?
            .ok_or_else(|| Error::KeyMissing(format!("of connection {connection}")))?;
        self.open_connection_key(user, connection, &sealed).await
    }

    /// The connection's data key as it was just read, opened once a transaction.
    pub(crate) async fn open_connection_key(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        sealed: &[u8],
    ) -> Result<Key> {
        if let Some(key) = self.ring.connections.get(&connection) {
            return Ok(key.clone());
        }
        let key = self.user_key(user).await?.unwrap_key(&connection_place(connection), sealed)?;
        self.ring.connections.insert(connection, key.clone());
        Ok(key)
    }

    /// How many people's and days' keys are sealed by other master keys than the current one.
    pub async fn keys_to_rotate(&mut self) -> Result<i64> {
        let current = self.ring.keys.current()?.id.clone();
        const SQL: &str = "select (select count(*) from users where key_sealed is not null and master_key_id <> $1) \
                           + (select count(*) from receive_keys where master_key_id <> $1)";
        Ok(on!(self, |db| query_scalar(SQL).bind(current).fetch_one(&mut **db))?)
    }

    /// Whether every master key that seals something is configured, and opens it.
    pub async fn check_keys(&mut self) -> Result<()> {
        const SQL: &str =
            "select id, master_key_id, key_sealed from users where key_sealed is not null order by id limit 1";
        let ids: Vec<String> = on!(self, |db| query_scalar(
            "select master_key_id from users where key_sealed is not null \
                                         union select master_key_id from receive_keys"
        )
        .fetch_all(&mut **db))?;
        for id in ids {
            self.ring.keys.named(&id)?;
        }
        let row: Option<KeyRow> = on!(self, |db| query_as(SQL).fetch_optional(&mut **db))?;
        let Some(row) = row else { return Ok(()) };
        let sealed = row.key_sealed.ok_or(Error::corrupt("users", "key_sealed"))?;
        self.ring.keys.open_user_key(ROW.parse("id", &row.id)?, &row.master_key_id, &sealed).map(|_| ())
    }
}

impl Tx<Write> {
    /// Adds somebody, with a key, a log and an audit trail of their own.
    pub async fn add_user(&mut self, now: Timestamp, new: NewUser) -> Result<User> {
        const SQL: &str = "insert into users \
            (id, external_id, email, password_hash, role, zone, created_at, master_key_id, key_sealed) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let id: UserId = self.random.id(now);
        let (master, sealed) = self.ring.keys.new_user_key(&self.random, id)?;
        let email = new.email.map(|email| email.to_lowercase());
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(new.external_id.as_deref())
            .bind(email.as_deref())
            .bind(new.password_hash.as_deref())
            .bind(new.role.as_str())
            .bind(&new.zone)
            .bind(now.as_millisecond())
            .bind(&master)
            .bind(&sealed)
            .execute(&mut **db))
        .map_err(Error::on_conflict("a user of this name"))?;
        for sql in [
            "insert into logs (user_id, head) values ($1, 0)",
            "insert into audit_heads (user_id, position, hash) values ($1, 0, '')",
        ] {
            change!(self, |db| query(sql).bind(id.to_string()).execute(&mut **db))?;
        }
        self.user(id).await
    }

    /// Sets the zone in which a person's days are counted.
    pub async fn set_zone(&mut self, user: UserId, zone: &str) -> Result<()> {
        const SQL: &str = "update users set zone = $2 where id = $1";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(zone).execute(&mut **db))?;
        Ok(())
    }

    /// Seals some people's keys by the current master key, and says how many; the keys of deliveries with them.
    pub async fn rotate_keys(&mut self, limit: i64) -> Result<usize> {
        self.rotate_receive_keys().await?;
        let keys = self.ring.keys.clone();
        let current = keys.current()?.id.clone();
        const SQL: &str = "select id, master_key_id, key_sealed from users \
                           where key_sealed is not null and master_key_id <> $1 order by id limit $2";
        let rows: Vec<KeyRow> = on!(self, |db| query_as(SQL).bind(current).bind(limit).fetch_all(&mut **db))?;
        for row in &rows {
            let user = ROW.parse("id", &row.id)?;
            let sealed = row.key_sealed.as_deref().ok_or(Error::corrupt("users", "key_sealed"))?;
            let key = keys.open_user_key(user, &row.master_key_id, sealed)?;
            let (master, sealed) = keys.reseal_user_key(&self.random, user, &key)?;
            const UPDATE: &str =
                "update users set master_key_id = $2, key_sealed = $3 where id = $1 and master_key_id = $4";
            change!(self, |db| query(UPDATE)
                .bind(&row.id)
                .bind(&master)
                .bind(&sealed)
                .bind(&row.master_key_id)
                .execute(&mut **db))?;
        }
        Ok(rows.len())
    }
}

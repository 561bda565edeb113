//! Connect links that apps make for their users.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{ConnectionId, LinkId, TokenId, UserId};
use sqlx::{FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::{Row, split, words},
};

/// A link to make.
#[derive(Clone, Debug)]
pub struct NewLink {
    pub user_id: UserId,
    pub token_id: TokenId,
    pub app_name: String,
    pub providers: BTreeSet<String>,
    pub return_url: String,
    pub secret_hash: String,
    pub expires_at: Timestamp,
}

/// A link as it is kept.
#[derive(Clone, Debug)]
pub struct Link {
    pub id: LinkId,
    pub user_id: UserId,
    pub token_id: TokenId,
    pub app_name: String,
    pub providers: BTreeSet<String>,
    pub return_url: String,
    pub expires_at: Timestamp,
    pub opened_at: Option<Timestamp>,
    pub connection_id: Option<ConnectionId>,
    pub redeemed_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct LinkRow {
    id: String,
    user_id: String,
    token_id: String,
    app_name: String,
    providers: String,
    return_url: String,
    expires_at: i64,
    opened_at: Option<i64>,
    connection_id: Option<String>,
    redeemed_at: Option<i64>,
}

const ROW: Row = Row("connect_links");

impl LinkRow {
    fn read(self) -> Result<Link> {
        Ok(Link {
            id: ROW.parse("id", &self.id)?,
            user_id: ROW.parse("user_id", &self.user_id)?,
            token_id: ROW.parse("token_id", &self.token_id)?,
            app_name: self.app_name,
            providers: split(&self.providers),
            return_url: self.return_url,
            expires_at: ROW.time("expires_at", self.expires_at)?,
            opened_at: ROW.time_opt("opened_at", self.opened_at)?,
            connection_id: ROW.parse_opt("connection_id", self.connection_id.as_deref())?,
            redeemed_at: ROW.time_opt("redeemed_at", self.redeemed_at)?,
        })
    }
}

impl<M: Mode> Tx<M> {
    /// The link of a secret's hash.
    pub async fn find_link(&mut self, secret_hash: &str) -> Result<Option<Link>> {
        self.link_where("secret_hash", secret_hash).await
    }

    /// The link that a browser opened, by its cookie's hash.
    pub async fn find_link_by_cookie(&mut self, cookie_hash: &str) -> Result<Option<Link>> {
        self.link_where("cookie_hash", cookie_hash).await
    }

    /// The link of a one-time code's hash.
    pub async fn find_link_by_code(&mut self, code_hash: &str) -> Result<Option<Link>> {
        self.link_where("code_hash", code_hash).await
    }

    /// A link by its id.
    pub async fn link(&mut self, id: LinkId) -> Result<Link> {
        self.link_where("id", &id.to_string()).await?.ok_or(Error::NotFound("connect link"))
    }

    /// Whether a connection came of a link that its app has not redeemed.
    pub async fn awaits_redeeming(&mut self, user: UserId, connection: ConnectionId) -> Result<bool> {
        const SQL: &str = "select count(*) from connect_links \
                           where user_id = $1 and connection_id = $2 and redeemed_at is null";
        let links: i64 =
            on!(self, |db| query_scalar(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_one(&mut **db))?;
        Ok(links > 0)
    }

    async fn link_where(&mut self, column: &'static str, value: &str) -> Result<Option<Link>> {
        let sql = sqlx::AssertSqlSafe(format!(
            "select id, user_id, token_id, app_name, providers, return_url, expires_at, opened_at, connection_id, \
             redeemed_at from connect_links where {column} = $1"
        ));
        let row: Option<LinkRow> = on!(self, |db| query_as(sql).bind(value).fetch_optional(&mut **db))?;
        row.map(LinkRow::read).transpose()
    }
}

impl Tx<Write> {
    /// Keeps a new link.
    pub async fn add_link(&mut self, now: Timestamp, new: NewLink) -> Result<LinkId> {
        const SQL: &str = "insert into connect_links \
            (id, user_id, token_id, app_name, providers, return_url, secret_hash, created_at, expires_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let id: LinkId = self.random.id(now);
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(new.user_id.to_string())
            .bind(new.token_id.to_string())
            .bind(&new.app_name)
            .bind(words(&new.providers))
            .bind(&new.return_url)
            .bind(&new.secret_hash)
            .bind(now.as_millisecond())
            .bind(new.expires_at.as_millisecond())
            .execute(&mut **db))?;
        Ok(id)
    }

    /// Binds a link to the first browser that opens it, and says whether this is the one.
    pub async fn open_link(&mut self, user: UserId, id: LinkId, cookie_hash: &str, now: Timestamp) -> Result<bool> {
        const SQL: &str = "update connect_links set opened_at = $3, cookie_hash = $4 \
                           where user_id = $1 and id = $2 and opened_at is null and expires_at > $3";
        Ok(change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(now.as_millisecond())
            .bind(cookie_hash)
            .execute(&mut **db))?
            == 1)
    }

    /// Notes which connection came of a link, and the code that its app can redeem.
    pub async fn fulfil_link(
        &mut self,
        user: UserId,
        id: LinkId,
        connection: ConnectionId,
        code_hash: &str,
        expires_at: Timestamp,
    ) -> Result<()> {
        const SQL: &str = "update connect_links set connection_id = $3, code_hash = $4, expires_at = $5 \
                           where user_id = $1 and id = $2";
        change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(connection.to_string())
            .bind(code_hash)
            .bind(expires_at.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }

    /// Uses a link's code up, and says whether this was the first use.
    pub async fn redeem_link(&mut self, user: UserId, id: LinkId, now: Timestamp) -> Result<bool> {
        const SQL: &str = "update connect_links set redeemed_at = $3 \
                           where user_id = $1 and id = $2 and redeemed_at is null and expires_at > $3";
        Ok(change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(now.as_millisecond())
            .execute(&mut **db))?
            == 1)
    }
    /// Deletes links that expired before an instant.
    pub async fn sweep_links(&mut self, before: Timestamp) -> Result<u64> {
        Ok(change!(self, |db| query("delete from connect_links where expires_at < $1")
            .bind(before.as_millisecond())
            .execute(&mut **db))?)
    }
}

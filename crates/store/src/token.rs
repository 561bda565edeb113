//! API tokens, kept as hashes.

use jiff::Timestamp;
use model::{Scopes, Sharing, TokenId, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    many::{lists, placeholders},
    row::{Row, to_json},
};

/// An API token without its secret.
#[derive(Clone, Debug)]
pub struct ApiToken {
    pub id: TokenId,
    /// Of a user token, the only person it reaches; of a service token, who made it.
    pub user_id: UserId,
    pub service: bool,
    pub name: String,
    pub scopes: Scopes,
    /// What its holder may see, on top of what the person shares with everybody.
    pub sharing: Sharing,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}

/// An API token to keep.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub user_id: UserId,
    pub service: bool,
    pub name: String,
    pub secret_hash: String,
    pub scopes: Scopes,
    pub sharing: Sharing,
    pub expires_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct TokenRow {
    id: String,
    user_id: String,
    service: bool,
    name: String,
    scopes: String,
    sharing: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

#[derive(FromRow)]
struct HashedRow {
    secret_hash: String,
    #[sqlx(flatten)]
    token: TokenRow,
}

const ROW: Row = Row("api_tokens");

impl TokenRow {
    fn read(self) -> Result<ApiToken> {
        Ok(ApiToken {
            id: ROW.parse("id", &self.id)?,
            user_id: ROW.parse("user_id", &self.user_id)?,
            service: self.service,
            name: self.name,
            scopes: Scopes::parse(&self.scopes).map_err(|_| Error::corrupt("api_tokens", "scopes"))?,
            sharing: ROW.json("sharing", &self.sharing)?,
            created_at: ROW.time("created_at", self.created_at)?,
            expires_at: ROW.time_opt("expires_at", self.expires_at)?,
            last_used_at: ROW.time_opt("last_used_at", self.last_used_at)?,
        })
    }
}

impl<M: Mode> Tx<M> {
    /// The token of a hash, if it is neither revoked nor expired.
    pub async fn find_token(&mut self, secret_hash: &str, now: Timestamp) -> Result<Option<ApiToken>> {
        const SQL: &str = "select id, user_id, service, name, scopes, sharing, created_at, expires_at, last_used_at \
            from api_tokens where secret_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)";
        let row: Option<TokenRow> =
            on!(self, |db| query_as(SQL).bind(secret_hash).bind(now.as_millisecond()).fetch_optional(&mut **db))?;
        row.map(TokenRow::read).transpose()
    }

    /// The tokens of some hashes, but for those that are revoked or expired.
    pub async fn find_tokens(&mut self, hashes: &[String], now: Timestamp) -> Result<Vec<(String, ApiToken)>> {
        let mut found = Vec::with_capacity(hashes.len());
        for hashes in lists(hashes) {
            let sql = AssertSqlSafe(format!(
                "select secret_hash, id, user_id, service, name, scopes, sharing, created_at, expires_at, last_used_at \
                 from api_tokens where revoked_at is null and (expires_at is null or expires_at > $1) \
                 and secret_hash in ({})",
                placeholders(2, hashes.len())
            ));
            let rows: Vec<HashedRow> = on!(self, |db| hashes
                .iter()
                .fold(query_as(sql).bind(now.as_millisecond()), |query, hash| query.bind(hash.as_str()))
                .fetch_all(&mut **db))?;
            for row in rows {
                found.push((row.secret_hash, row.token.read()?));
            }
        }
        Ok(found)
    }

    /// One of a person's tokens, unless it is revoked.
    pub async fn token(&mut self, user: UserId, id: TokenId) -> Result<ApiToken> {
        const SQL: &str = "select id, user_id, service, name, scopes, sharing, created_at, expires_at, last_used_at \
            from api_tokens where user_id = $1 and id = $2 and revoked_at is null";
        let row: Option<TokenRow> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(id.to_string()).fetch_optional(&mut **db))?;
        row.map(TokenRow::read).transpose()?.ok_or(Error::NotFound("token"))
    }

    /// The token that acts, whoever made it, if it is neither revoked nor expired.
    pub async fn acting_token(&mut self, id: TokenId, now: Timestamp) -> Result<Option<ApiToken>> {
        const SQL: &str = "select id, user_id, service, name, scopes, sharing, created_at, expires_at, last_used_at \
            from api_tokens where id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)";
        let row: Option<TokenRow> =
            on!(self, |db| query_as(SQL).bind(id.to_string()).bind(now.as_millisecond()).fetch_optional(&mut **db))?;
        row.map(TokenRow::read).transpose()
    }

    /// What a token is called, revoked or not: for those who find it in their trail.
    pub async fn token_name(&mut self, id: TokenId) -> Result<Option<String>> {
        const SQL: &str = "select name from api_tokens where id = $1";
        Ok(on!(self, |db| query_scalar(SQL).bind(id.to_string()).fetch_optional(&mut **db))?)
    }

    /// The tokens that a person made and has not revoked, the newest first.
    pub async fn tokens(&mut self, user: UserId) -> Result<Vec<ApiToken>> {
        const SQL: &str = "select id, user_id, service, name, scopes, sharing, created_at, expires_at, last_used_at \
            from api_tokens where user_id = $1 and revoked_at is null order by id desc";
        let rows: Vec<TokenRow> = on!(self, |db| query_as(SQL).bind(user.to_string()).fetch_all(&mut **db))?;
        rows.into_iter().map(TokenRow::read).collect()
    }
}

impl Tx<Write> {
    /// Keeps a new token.
    pub async fn add_token(&mut self, now: Timestamp, new: NewToken) -> Result<ApiToken> {
        const SQL: &str = "insert into api_tokens \
            (id, user_id, service, name, secret_hash, scopes, sharing, created_at, expires_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let id: TokenId = self.random.id(now);
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(new.user_id.to_string())
            .bind(new.service)
            .bind(&new.name)
            .bind(&new.secret_hash)
            .bind(new.scopes.to_string())
            .bind(to_json(&new.sharing))
            .bind(now.as_millisecond())
            .bind(new.expires_at.map(Timestamp::as_millisecond))
            .execute(&mut **db))
        .map_err(Error::on_conflict("this token"))?;
        Ok(ApiToken {
            id,
            user_id: new.user_id,
            service: new.service,
            name: new.name,
            scopes: new.scopes,
            sharing: new.sharing,
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
        })
    }

    /// Notes that a token was used.
    pub async fn touch_token(&mut self, user: UserId, id: TokenId, now: Timestamp) -> Result<()> {
        const SQL: &str = "update api_tokens set last_used_at = $3 where user_id = $1 and id = $2";
        change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }

    /// Sets what the holder of a token may see.
    pub async fn set_token_sharing(&mut self, user: UserId, id: TokenId, sharing: &Sharing) -> Result<()> {
        const SQL: &str = "update api_tokens set sharing = $3 where user_id = $1 and id = $2 and revoked_at is null";
        let changed = change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(to_json(sharing))
            .execute(&mut **db))?;
        if changed == 1 { Ok(()) } else { Err(Error::NotFound("token")) }
    }

    /// Revokes a token.
    pub async fn revoke_token(&mut self, user: UserId, id: TokenId, now: Timestamp) -> Result<()> {
        const SQL: &str = "update api_tokens set revoked_at = $3 where user_id = $1 and id = $2 and revoked_at is null";
        let changed = change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(id.to_string())
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        if changed == 1 { Ok(()) } else { Err(Error::NotFound("token")) }
    }
}

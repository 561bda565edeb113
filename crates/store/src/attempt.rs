//! OAuth round trips that have begun.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use model::{Kind, LinkId, Secret, SessionId, TokenId, UserId};
use sqlx::{FromRow, query, query_as};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::{Row, split, to_json, words},
};

/// Who began a round trip, and must come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    Session(SessionId),
    Token(TokenId),
    /// The browser that holds a connect link's cookie, by the cookie's hash.
    Link(String),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(f, "session:{id}"),
            Self::Token(id) => write!(f, "token:{id}"),
            Self::Link(hash) => write!(f, "link:{hash}"),
        }
    }
}

/// A round trip to begin.
#[derive(Clone, Debug)]
pub struct NewAttempt {
    pub state_hash: String,
    pub user_id: UserId,
    pub principal: Principal,
    pub provider: String,
    pub verifier: Option<Secret>,
    pub scopes: BTreeSet<String>,
    pub kinds: BTreeSet<Kind>,
    pub purpose: String,
    pub consent_version: String,
    pub link_id: Option<LinkId>,
    pub expires_at: Timestamp,
}

/// A round trip that has begun.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub user_id: UserId,
    pub principal: String,
    pub provider: String,
    pub verifier: Option<Secret>,
    pub scopes: BTreeSet<String>,
    pub kinds: BTreeSet<Kind>,
    pub purpose: String,
    pub consent_version: String,
    pub link_id: Option<LinkId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct AttemptRow {
    user_id: String,
    principal: String,
    provider: String,
    verifier_sealed: Option<Vec<u8>>,
    scopes: String,
    kinds: String,
    purpose: String,
    consent_version: String,
    link_id: Option<String>,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
}

const ROW: Row = Row("attempts");

fn place(state_hash: &str) -> String {
    format!("attempt:{state_hash}")
}

impl<M: Mode> Tx<M> {
    /// The round trip of a state's hash, whatever became of it.
    pub async fn find_attempt(&mut self, state_hash: &str) -> Result<Option<Attempt>> {
        const SQL: &str = "select user_id, principal, provider, verifier_sealed, scopes, kinds, purpose, \
            consent_version, link_id, created_at, expires_at, used_at from attempts where state_hash = $1";
        let row: Option<AttemptRow> = on!(self, |db| query_as(SQL).bind(state_hash).fetch_optional(&mut **db))?;
        let Some(row) = row else { return Ok(None) };
        let user_id = ROW.parse("user_id", &row.user_id)?;
        let verifier = match &row.verifier_sealed {
            Some(sealed) => Some(self.user_key(user_id).await?.open_text(&place(state_hash), sealed)?),
            None => None,
        };
        Ok(Some(Attempt {
            user_id,
            principal: row.principal,
            provider: row.provider,
            verifier,
            scopes: split(&row.scopes),
            kinds: ROW.json("kinds", &row.kinds)?,
            purpose: row.purpose,
            consent_version: row.consent_version,
            link_id: ROW.parse_opt("link_id", row.link_id.as_deref())?,
            created_at: ROW.time("created_at", row.created_at)?,
            expires_at: ROW.time("expires_at", row.expires_at)?,
            used_at: ROW.time_opt("used_at", row.used_at)?,
        }))
    }
}

impl Tx<Write> {
    /// Keeps a round trip that begins.
    pub async fn begin_attempt(&mut self, now: Timestamp, new: NewAttempt) -> Result<()> {
        const SQL: &str = "insert into attempts (state_hash, user_id, principal, provider, verifier_sealed, scopes, kinds, \
            purpose, consent_version, link_id, created_at, expires_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let verifier = match &new.verifier {
            Some(verifier) => {
                let key = self.user_key(new.user_id).await?;
                Some(key.seal(&self.random, &place(&new.state_hash), verifier.expose().as_bytes())?)
            }
            None => None,
        };
        change!(self, |db| query(SQL)
            .bind(&new.state_hash)
            .bind(new.user_id.to_string())
            .bind(new.principal.to_string())
            .bind(&new.provider)
            .bind(verifier.as_deref())
            .bind(words(&new.scopes))
            .bind(to_json(&new.kinds))
            .bind(&new.purpose)
            .bind(&new.consent_version)
            .bind(new.link_id.map(|id| id.to_string()))
            .bind(now.as_millisecond())
            .bind(new.expires_at.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }

    /// Uses a round trip up, and says whether this was the first use.
    pub async fn use_attempt(&mut self, state_hash: &str, now: Timestamp) -> Result<bool> {
        const SQL: &str = "update attempts set used_at = $2, verifier_sealed = null \
                           where state_hash = $1 and used_at is null and expires_at > $2";
        Ok(change!(self, |db| query(SQL).bind(state_hash).bind(now.as_millisecond()).execute(&mut **db))? == 1)
    }

    /// Deletes round trips that ended before an instant.
    pub async fn sweep_attempts(&mut self, before: Timestamp) -> Result<u64> {
        Ok(change!(self, |db| query("delete from attempts where expires_at < $1")
            .bind(before.as_millisecond())
            .execute(&mut **db))?)
    }
}

//! Each person's audit trail: append-only, chained by hashes of the sealed entries.

use jiff::Timestamp;
use model::{Action, Actor, AuditEntry, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as};

use crate::{
    Error, Mode, Read, Result, Tx, Write,
    db::{change, on},
    row::Row,
    seal,
};

/// Which entries to read, the newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Only entries before this position.
    pub before: Option<i64>,
    pub action: Option<Action>,
    pub limit: i64,
}

/// Where a trail does not fit together.
#[derive(Debug, thiserror::Error)]
#[error("the audit trail was changed at position {position}")]
pub struct BrokenChain {
    pub position: i64,
}

#[derive(FromRow)]
struct EntryRow {
    position: i64,
    at: i64,
    actor: String,
    actor_id: Option<String>,
    action: String,
    detail_sealed: Option<Vec<u8>>,
    hash: String,
}

#[derive(FromRow)]
struct HeadRow {
    position: i64,
    hash: String,
}

const ROW: Row = Row("audit_entries");

fn place(user: UserId, position: i64) -> String {
    format!("audit:{user}:{position}")
}

/// The hash covers the sealed detail, so that destroying the key leaves the chain whole.
fn chain(user: UserId, previous: &str, row: &EntryRow) -> String {
    let detail = row.detail_sealed.as_deref().map(seal::digest).unwrap_or_default();
    let actor_id = row.actor_id.as_deref().unwrap_or_default();
    let EntryRow { position, at, actor, action, .. } = row;
    let text = format!("{user}\n{previous}\n{position}\n{at}\n{actor}\n{actor_id}\n{action}\n{detail}");
    seal::digest(text.as_bytes())
}

impl<M: Mode> Tx<M> {
    /// A person's audit trail, the newest first.
    pub async fn audit(&mut self, user: UserId, wanted: &AuditQuery) -> Result<Vec<AuditEntry>> {
        const SQL: &str = "select position, at, actor, actor_id, action, detail_sealed, hash from audit_entries \
            where user_id = $1 and position < $2 and ($3 = '' or action = $3) order by position desc limit $4";
        let rows: Vec<EntryRow> = on!(self, |db| query_as(SQL)
            .bind(user.to_string())
            .bind(wanted.before.unwrap_or(i64::MAX))
            .bind(wanted.action.map_or("", Action::as_str))
            .bind(wanted.limit)
            .fetch_all(&mut **db))?;
        self.open_entries(user, rows).await
    }

    /// What was done to a person's data before an instant, the newest first: only what is named.
    pub async fn newest_deeds(
        &mut self,
        user: UserId,
        before: Timestamp,
        actions: &[Action],
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        let named: Vec<_> = actions.iter().map(|action| format!("'{action}'")).collect();
        let sql = AssertSqlSafe(format!(
            "select position, at, actor, actor_id, action, detail_sealed, hash from audit_entries \
             where user_id = $1 and at < $2 and action in ({}) order by position desc limit $3",
            named.join(", ")
        ));
        let rows: Vec<EntryRow> = on!(self, |db| query_as(sql)
            .bind(user.to_string())
            .bind(before.as_millisecond())
            .bind(limit)
            .fetch_all(&mut **db))?;
        self.open_entries(user, rows).await
    }

    async fn open_entries(&mut self, user: UserId, rows: Vec<EntryRow>) -> Result<Vec<AuditEntry>> {
        let key = self.user_key(user).await?;
        rows.into_iter()
            .map(|row| {
                let detail = match &row.detail_sealed {
                    Some(sealed) => Some(key.open_text(&place(user, row.position), sealed)?.expose().to_owned()),
                    None => None,
                };
                Ok(AuditEntry {
                    position: row.position,
                    at: ROW.time("at", row.at)?,
                    actor: row.actor,
                    actor_id: row.actor_id,
                    action: ROW.parse("action", &row.action)?,
                    detail,
                    hash: row.hash,
                })
            })
            .collect()
    }
}

impl Tx<Read> {
    /// Checks that nothing in a person's trail was changed or taken out.
    pub async fn verify_audit(&mut self, user: UserId) -> Result<std::result::Result<i64, BrokenChain>> {
        const SQL: &str = "select position, at, actor, actor_id, action, detail_sealed, hash from audit_entries \
                           where user_id = $1 order by position";
        const HEAD: &str = "select position, hash from audit_heads where user_id = $1";
        let rows: Vec<EntryRow> = on!(self, |db| query_as(SQL).bind(user.to_string()).fetch_all(&mut **db))?;
        let head: Option<HeadRow> = on!(self, |db| query_as(HEAD).bind(user.to_string()).fetch_optional(&mut **db))?;
        let head = head.ok_or(Error::NotFound("user"))?;
        let mut previous = String::new();
        for (expected, row) in (1..).zip(&rows) {
            if row.position != expected || chain(user, &previous, row) != row.hash {
                return Ok(Err(BrokenChain { position: expected }));
            }
            previous.clone_from(&row.hash);
        }
        let whole = head.hash == previous && head.position == i64::try_from(rows.len()).unwrap_or(-1);
        Ok(if whole { Ok(head.position) } else { Err(BrokenChain { position: head.position }) })
    }
}

impl Tx<Write> {
    /// Appends an entry to a person's trail.
    pub async fn append_audit(
        &mut self,
        user: UserId,
        now: Timestamp,
        actor: &Actor,
        action: Action,
        detail: Option<&str>,
    ) -> Result<()> {
        // Moving the head first makes writers to one trail wait for each other.
        const HEAD: &str = "update audit_heads set position = position + 1 where user_id = $1 returning position, hash";
        const APPEND: &str = "insert into audit_entries \
            (user_id, position, at, actor, actor_id, action, detail_sealed, hash) \
            values ($1, $2, $3, $4, $5, $6, $7, $8)";
        const MOVE: &str = "update audit_heads set hash = $2 where user_id = $1";
        let head: Option<HeadRow> = on!(self, |db| query_as(HEAD).bind(user.to_string()).fetch_optional(&mut **db))?;
        let head = head.ok_or(Error::NotFound("user"))?;
        let detail_sealed = match detail {
            Some(detail) => {
                let key = self.user_key(user).await?;
                Some(key.seal(&self.random, &place(user, head.position), detail.as_bytes())?)
            }
            None => None,
        };
        let (actor, actor_id) = actor.parts();
        let mut row = EntryRow {
            position: head.position,
            at: now.as_millisecond(),
            actor: actor.to_owned(),
            actor_id,
            action: action.as_str().to_owned(),
            detail_sealed,
            hash: String::new(),
        };
        row.hash = chain(user, &head.hash, &row);
        change!(self, |db| query(APPEND)
            .bind(user.to_string())
            .bind(row.position)
            .bind(row.at)
            .bind(&row.actor)
            .bind(row.actor_id.as_deref())
            .bind(&row.action)
            .bind(row.detail_sealed.as_deref())
            .bind(&row.hash)
            .execute(&mut **db))?;
        change!(self, |db| query(MOVE).bind(user.to_string()).bind(&row.hash).execute(&mut **db))?;
        Ok(())
    }

    /// Whether this is the first read of its kind by this actor in this minute, in any process.
    pub async fn first_read(&mut self, user: UserId, actor: &Actor, action: Action, now: Timestamp) -> Result<bool> {
        const SQL: &str = "insert into audit_reads (user_id, actor, action, minute) values ($1, $2, $3, $4) \
                           on conflict do nothing";
        let (kind, id) = actor.parts();
        Ok(change!(self, |db| query(SQL)
            .bind(user.to_string())
            .bind(format!("{kind}:{}", id.as_deref().unwrap_or_default()))
            .bind(action.as_str())
            .bind(now.as_second() / 60)
            .execute(&mut **db))?
            == 1)
    }

    /// Forgets which reads were counted before an instant; the entries stay.
    pub async fn sweep_reads(&mut self, before: Timestamp) -> Result<u64> {
        Ok(change!(self, |db| query("delete from audit_reads where minute < $1")
            .bind(before.as_second() / 60)
            .execute(&mut **db))?)
    }
}

//! Sinks: somewhere else that changes are written to.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Audience, Kind, Secret, SinkId, SinkReason, SinkState, TokenId, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::{Row, split, words},
};

/// A sink to keep.
#[derive(Clone, Debug)]
pub struct NewSink {
    pub sink_type: &'static str,
    pub audience: Audience,
    /// By whose key its settings are sealed.
    pub user_id: UserId,
    /// The token that answers for it; none: the person does.
    pub token_id: Option<TokenId>,
    pub name: String,
    /// Empty: all kinds.
    pub kinds: BTreeSet<Kind>,
    /// Empty: all providers.
    pub providers: BTreeSet<String>,
    pub settings: Secret,
}

/// A sink as it is kept.
#[derive(Clone, Debug)]
pub struct Sink {
    pub id: SinkId,
    pub sink_type: String,
    pub audience: Audience,
    pub user_id: UserId,
    pub token_id: Option<TokenId>,
    pub name: String,
    pub kinds: BTreeSet<Kind>,
    pub providers: BTreeSet<String>,
    pub settings: Secret,
    pub state: SinkState,
    /// Why it is not active.
    pub reason: Option<SinkReason>,
    pub created_at: Timestamp,
    pub last_success_at: Option<Timestamp>,
    pub last_failure_at: Option<Timestamp>,
    /// Since when nothing was taken.
    pub failing_since: Option<Timestamp>,
    pub last_error: Option<String>,
    /// How often it failed since the last success.
    pub failures: i64,
    /// Until when nothing is tried.
    pub paused_until: Timestamp,
}

#[derive(FromRow)]
struct SinkRow {
    id: String,
    r#type: String,
    audience: String,
    user_id: String,
    token_id: Option<String>,
    name: String,
    kinds: String,
    providers: String,
    settings_sealed: Vec<u8>,
    state: String,
    reason: Option<String>,
    created_at: i64,
    last_success_at: Option<i64>,
    last_failure_at: Option<i64>,
    failing_since: Option<i64>,
    last_error: Option<String>,
    failures: i64,
    paused_until: i64,
}

const ROW: Row = Row("sinks");
const COLUMNS: &str = "id, type, audience, user_id, token_id, name, kinds, providers, settings_sealed, state, reason, \
    created_at, last_success_at, last_failure_at, failing_since, last_error, failures, paused_until";
const EVERYBODY: &str = "everybody";

fn place(id: SinkId) -> String {
    format!("sink:{id}")
}

/// The word in the database.
fn word(audience: Audience) -> String {
    match audience {
        Audience::Person(user) => user.to_string(),
        Audience::Everybody => EVERYBODY.to_owned(),
    }
}

fn join(kinds: &BTreeSet<Kind>) -> String {
    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" ")
}

impl<M: Mode> Tx<M> {
    /// The sinks of an audience, the oldest first.
    pub async fn sinks(&mut self, audience: Audience) -> Result<Vec<Sink>> {
        let sql = AssertSqlSafe(format!("select {COLUMNS} from sinks where audience = $1 order by id"));
        let rows: Vec<SinkRow> = on!(self, |db| query_as(sql).bind(word(audience)).fetch_all(&mut **db))?;
        let mut sinks = Vec::with_capacity(rows.len());
        for row in rows {
            sinks.push(self.open_sink(row).await?);
        }
        Ok(sinks)
    }

    /// One sink of an audience.
    pub async fn sink(&mut self, audience: Audience, id: SinkId) -> Result<Sink> {
        let sql = AssertSqlSafe(format!("select {COLUMNS} from sinks where audience = $1 and id = $2"));
        let row: Option<SinkRow> =
            on!(self, |db| query_as(sql).bind(word(audience)).bind(id.to_string()).fetch_optional(&mut **db))?;
        self.open_sink(row.ok_or(Error::NotFound("webhook"))?).await
    }

    /// A sink that is told of a person, if it is still there.
    pub async fn find_sink(&mut self, user: UserId, id: SinkId) -> Result<Option<Sink>> {
        let sql =
            AssertSqlSafe(format!("select {COLUMNS} from sinks where audience in ($1, '{EVERYBODY}') and id = $2"));
        let row: Option<SinkRow> =
            on!(self, |db| query_as(sql).bind(user.to_string()).bind(id.to_string()).fetch_optional(&mut **db))?;
        match row {
            Some(row) => Ok(Some(self.open_sink(row).await?)),
            None => Ok(None),
        }
    }

    /// The active sinks that are told of a person.
    pub async fn sinks_in_use(&mut self, user: UserId) -> Result<Vec<SinkId>> {
        const SQL: &str = "select id from sinks where state = 'active' and audience in ($1, 'everybody')";
        let ids: Vec<String> = on!(self, |db| query_scalar(SQL).bind(user.to_string()).fetch_all(&mut **db))?;
        ids.iter().map(|id| ROW.parse("id", id)).collect()
    }

    /// Since when the sink that is in trouble for longest has taken nothing.
    pub async fn sinks_failing_since(&mut self) -> Result<Option<Timestamp>> {
        const SQL: &str = "select min(failing_since) from sinks where state = 'active'";
        let millis: Option<i64> = on!(self, |db| query_scalar(SQL).fetch_one(&mut **db))?;
        ROW.time_opt("failing_since", millis)
    }

    async fn open_sink(&mut self, row: SinkRow) -> Result<Sink> {
        let id = ROW.parse("id", &row.id)?;
        let user_id = ROW.parse("user_id", &row.user_id)?;
        let settings = self.user_key(user_id).await?.open_text(&place(id), &row.settings_sealed)?;
        let kinds = split(&row.kinds);
        Ok(Sink {
            id,
            sink_type: row.r#type,
            audience: match row.audience.as_str() {
                EVERYBODY => Audience::Everybody,
                person => Audience::Person(ROW.parse("audience", person)?),
            },
            user_id,
            token_id: ROW.parse_opt("token_id", row.token_id.as_deref())?,
            name: row.name,
            kinds: kinds.iter().map(|kind| ROW.parse("kinds", kind)).collect::<Result<_>>()?,
            providers: split(&row.providers),
            settings,
            state: ROW.parse("state", &row.state)?,
            reason: ROW.parse_opt("reason", row.reason.as_deref())?,
            created_at: ROW.time("created_at", row.created_at)?,
            last_success_at: ROW.time_opt("last_success_at", row.last_success_at)?,
            last_failure_at: ROW.time_opt("last_failure_at", row.last_failure_at)?,
            failing_since: ROW.time_opt("failing_since", row.failing_since)?,
            last_error: row.last_error,
            failures: row.failures,
            paused_until: ROW.time("paused_until", row.paused_until)?,
        })
    }
}

impl Tx<Write> {
    /// Keeps a new sink, which is active.
    pub async fn add_sink(&mut self, now: Timestamp, new: NewSink) -> Result<SinkId> {
        const SQL: &str = "insert into sinks \
            (id, type, audience, user_id, token_id, name, kinds, providers, settings_sealed, state, created_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', $10)";
        let id: SinkId = self.random.id(now);
        let key = self.user_key(new.user_id).await?;
        let sealed = key.seal(&self.random, &place(id), new.settings.expose().as_bytes())?;
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(new.sink_type)
            .bind(word(new.audience))
            .bind(new.user_id.to_string())
            .bind(new.token_id.map(|id| id.to_string()))
            .bind(&new.name)
            .bind(join(&new.kinds))
            .bind(words(&new.providers))
            .bind(&sealed)
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        Ok(id)
    }

    /// Keeps what was changed of a sink: its name, what it is told of, its settings and who answers for it.
    pub async fn change_sink(&mut self, sink: &Sink) -> Result<()> {
        const SQL: &str = "update sinks set token_id = $3, name = $4, kinds = $5, providers = $6, settings_sealed = $7 \
                           where audience = $1 and id = $2";
        let key = self.user_key(sink.user_id).await?;
        let sealed = key.seal(&self.random, &place(sink.id), sink.settings.expose().as_bytes())?;
        change!(self, |db| query(SQL)
            .bind(word(sink.audience))
            .bind(sink.id.to_string())
            .bind(sink.token_id.map(|id| id.to_string()))
            .bind(&sink.name)
            .bind(join(&sink.kinds))
            .bind(words(&sink.providers))
            .bind(&sealed)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Turns a sink on, with nothing held against it any more.
    pub async fn start_sink(&mut self, audience: Audience, id: SinkId) -> Result<()> {
        const SQL: &str = "update sinks set state = 'active', reason = null, failing_since = null, failures = 0, \
                           paused_until = 0 where audience = $1 and id = $2";
        change!(self, |db| query(SQL).bind(word(audience)).bind(id.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Turns a sink off, and says whether it was on.
    pub async fn stop_sink(&mut self, audience: Audience, id: SinkId, reason: SinkReason) -> Result<bool> {
        const SQL: &str =
            "update sinks set state = 'disabled', reason = $3 where audience = $1 and id = $2 and state = 'active'";
        Ok(change!(self, |db| query(SQL)
            .bind(word(audience))
            .bind(id.to_string())
            .bind(reason.as_str())
            .execute(&mut **db))?
            == 1)
    }

    /// Deletes a sink and all that is known of it.
    pub async fn delete_sink(&mut self, audience: Audience, id: SinkId) -> Result<()> {
        for sql in ["delete from sink_attempts where sink_id = $1", "delete from sink_cursors where sink_id = $1"] {
            change!(self, |db| query(sql).bind(id.to_string()).execute(&mut **db))?;
        }
        const SQL: &str = "delete from sinks where audience = $1 and id = $2";
        match change!(self, |db| query(SQL).bind(word(audience)).bind(id.to_string()).execute(&mut **db))? {
            1 => Ok(()),
            _ => Err(Error::NotFound("webhook")),
        }
    }

    /// Notes that something was taken, and says whether the sink is still there.
    pub async fn note_taken(&mut self, id: SinkId, now: Timestamp) -> Result<bool> {
        const SQL: &str = "update sinks set last_success_at = $2, failing_since = null, failures = 0, paused_until = 0 \
                           where id = $1";
        Ok(change!(self, |db| query(SQL).bind(id.to_string()).bind(now.as_millisecond()).execute(&mut **db))? == 1)
    }

    /// Notes that something was refused, and until when nothing is to be tried. Of several that failed side by side,
    /// one is counted. Says whether the sink is still there.
    pub async fn note_refused(
        &mut self,
        id: SinkId,
        failures: i64,
        now: Timestamp,
        why: &str,
        paused_until: Timestamp,
    ) -> Result<bool> {
        const SQL: &str = "update sinks set last_failure_at = $3, last_error = $4, \
            failing_since = coalesce(failing_since, $3), \
            paused_until = case when failures = $2 then $5 else paused_until end, \
            failures = case when failures = $2 then failures + 1 else failures end where id = $1";
        Ok(change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(failures)
            .bind(now.as_millisecond())
            .bind(why)
            .bind(paused_until.as_millisecond())
            .execute(&mut **db))?
            == 1)
    }
}

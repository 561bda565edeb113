//! Whether each provider tells us of changes by itself.

use jiff::Timestamp;
use model::ListeningState;
use sqlx::{FromRow, query, query_as, query_scalar};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// Whether a provider tells us of changes by itself.
#[derive(Clone, Debug)]
pub struct Listening {
    pub state: ListeningState,
    /// What keeps it from more, in words.
    pub why: Option<String>,
    pub since: Timestamp,
    /// When what the provider has was last compared with what we want.
    pub reconciled_at: Option<Timestamp>,
    /// How often that failed since it last went well.
    pub tries: i64,
    pub probe_asked_at: Option<Timestamp>,
    pub probed_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct ListeningRow {
    state: String,
    why: Option<String>,
    since: i64,
    reconciled_at: Option<i64>,
    tries: i64,
    probe_asked_at: Option<i64>,
    probed_at: Option<i64>,
}

const ROW: Row = Row("listening");

impl ListeningRow {
    fn read(self) -> Result<Listening> {
        Ok(Listening {
            state: ROW.parse("state", &self.state)?,
            why: self.why,
            since: ROW.time("since", self.since)?,
            reconciled_at: ROW.time_opt("reconciled_at", self.reconciled_at)?,
            tries: self.tries,
            probe_asked_at: ROW.time_opt("probe_asked_at", self.probe_asked_at)?,
            probed_at: ROW.time_opt("probed_at", self.probed_at)?,
        })
    }
}

impl<M: Mode> Tx<M> {
    /// Whether a provider tells us of changes by itself; `None` when that was never looked at.
    pub async fn listening(&mut self, provider: &str) -> Result<Option<Listening>> {
        const SQL: &str = "select state, why, since, reconciled_at, tries, probe_asked_at, probed_at from listening \
                           where provider = $1";
        let row: Option<ListeningRow> = on!(self, |db| query_as(SQL).bind(provider).fetch_optional(&mut **db))?;
        row.map(ListeningRow::read).transpose()
    }

    /// Whether anybody's connection to a provider is in use.
    pub async fn is_anybody_connected(&mut self, provider: &str) -> Result<bool> {
        const SQL: &str = "select exists (select 1 from connections where provider = $1 \
                           and state in ('active', 'needs_consent'))";
        Ok(on!(self, |db| query_scalar(SQL).bind(provider).fetch_one(&mut **db))?)
    }
}

impl Tx<Write> {
    /// Notes whether a provider tells us of changes; since when stays, while the state does.
    pub async fn note_listening(
        &mut self,
        provider: &str,
        state: ListeningState,
        why: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        const SQL: &str = "insert into listening (provider, state, why, since) values ($1, $2, $3, $4) \
            on conflict (provider) do update set \
            since = case when listening.state = excluded.state then listening.since else excluded.since end, \
            state = excluded.state, why = excluded.why";
        change!(self, |db| query(SQL)
            .bind(provider)
            .bind(state.as_str())
            .bind(why)
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }

    /// Notes that what a provider has was compared with what we want, or that it could not be.
    pub async fn note_reconciled(&mut self, provider: &str, succeeded: bool, now: Timestamp) -> Result<()> {
        const SQL: &str = "update listening set reconciled_at = case when $2 then $3 else reconciled_at end, \
                           tries = case when $2 then 0 else tries + 1 end where provider = $1";
        change!(self, |db| query(SQL).bind(provider).bind(succeeded).bind(now.as_millisecond()).execute(&mut **db))?;
        Ok(())
    }

    /// Asks for a provider to make sure of our address, unless it did so, or was asked to, since an instant.
    pub async fn ask_probe(&mut self, provider: &str, unless_since: Timestamp, now: Timestamp) -> Result<bool> {
        const SQL: &str = "update listening set probe_asked_at = $3 where provider = $1 \
            and (probe_asked_at is null or probe_asked_at < $2) and (probed_at is null or probed_at < $2)";
        Ok(change!(self, |db| query(SQL)
            .bind(provider)
            .bind(unless_since.as_millisecond())
            .bind(now.as_millisecond())
            .execute(&mut **db))?
            == 1)
    }

    /// Notes that a provider has made sure of our address, as it was asked to by then.
    pub async fn note_probed(&mut self, provider: &str, asked_by: Timestamp, now: Timestamp) -> Result<()> {
        const SQL: &str = "update listening set probed_at = $3, \
            probe_asked_at = case when probe_asked_at > $2 then probe_asked_at end where provider = $1";
        change!(self, |db| query(SQL)
            .bind(provider)
            .bind(asked_by.as_millisecond())
            .bind(now.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }
}

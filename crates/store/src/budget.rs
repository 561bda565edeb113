//! The budget of requests that an application has at a provider, common to all processes.

use jiff::Timestamp;
use sqlx::{FromRow, query, query_as};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

#[derive(FromRow)]
struct BudgetRow {
    window_starts_at: i64,
    taken: i64,
    paused_until: i64,
}

impl<M: Mode> Tx<M> {
    /// How many requests of an application's budget nobody has taken yet, and until when it is to be left alone.
    pub async fn budget_left(
        &mut self,
        application: &str,
        requests: i64,
        window_millis: i64,
        now: Timestamp,
    ) -> Result<(i64, Option<Timestamp>)> {
        const SQL: &str = "select window_starts_at, taken, paused_until from budgets where application = $1";
        let row: Option<BudgetRow> = on!(self, |db| query_as(SQL).bind(application).fetch_optional(&mut **db))?;
        let Some(row) = row else { return Ok((requests, None)) };
        let now = now.as_millisecond();
        let taken = if row.window_starts_at + window_millis <= now { 0 } else { row.taken };
        let paused = Some(row.paused_until).filter(|until| *until > now);
        Ok((requests - taken, Row("budgets").time_opt("paused_until", paused)?))
    }
}

impl Tx<Write> {
    /// Takes a slice of an application's budget: how many requests it is worth and until when, or when there will be more.
    pub async fn lease_budget(
        &mut self,
        application: &str,
        requests: i64,
        window_millis: i64,
        slice: i64,
        now: Timestamp,
    ) -> Result<std::result::Result<(i64, Timestamp), Timestamp>> {
        // The update that changes nothing locks the row on the engine that has row locks.
        const READ: &str = "insert into budgets (application, window_starts_at, taken) values ($1, $2, 0) \
            on conflict (application) do update set taken = budgets.taken \
            returning window_starts_at, taken, paused_until";
        const TAKE: &str = "update budgets set window_starts_at = $2, taken = $3 where application = $1";
        let now = now.as_millisecond();
        let row: BudgetRow = on!(self, |db| query_as(READ).bind(application).bind(now).fetch_one(&mut **db))?;
        if row.paused_until > now {
            return Ok(Err(Row("budgets").time("paused_until", row.paused_until)?));
        }
        let over = row.window_starts_at + window_millis <= now;
        let (starts_at, taken) = if over { (now, 0) } else { (row.window_starts_at, row.taken) };
        let window_ends = Row("budgets").time("window_starts_at", starts_at + window_millis)?;
        let granted = slice.min(requests - taken);
        if granted <= 0 {
            return Ok(Err(window_ends));
        }
        change!(self, |db| query(TAKE).bind(application).bind(starts_at).bind(taken + granted).execute(&mut **db))?;
        Ok(Ok((granted, window_ends)))
    }

    /// Keeps every process from asking before an instant.
    pub async fn pause_budget(&mut self, application: &str, until: Timestamp, now: Timestamp) -> Result<()> {
        const SQL: &str = "insert into budgets (application, window_starts_at, taken, paused_until) values ($1, $2, 0, $3) \
            on conflict (application) do update set paused_until = excluded.paused_until \
            where budgets.paused_until < excluded.paused_until";
        change!(self, |db| query(SQL)
            .bind(application)
            .bind(now.as_millisecond())
            .bind(until.as_millisecond())
            .execute(&mut **db))?;
        Ok(())
    }
}

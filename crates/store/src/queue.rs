//! How much work waits, for those who watch over the server.

use jiff::Timestamp;
use model::DeliveryState;
use sqlx::{FromRow, query_as};

use crate::{Mode, Result, Tx, db::on, row::Row};

/// The jobs of one type that are due or being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub job_type: String,
    /// How many wait although they are due.
    pub due: i64,
    /// Since when the oldest of them waits.
    pub oldest: Option<Timestamp>,
    /// How many are being done.
    pub running: i64,
}

#[derive(FromRow)]
struct QueueRow {
    r#type: String,
    due: i64,
    oldest: Option<i64>,
    running: i64,
}

impl QueueRow {
    fn read(self) -> Result<Queue> {
        let oldest = Row("jobs").time_opt("run_at", self.oldest)?;
        Ok(Queue { job_type: self.r#type, due: self.due, oldest, running: self.running })
    }
}

/// Deliveries of one provider that are not settled for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    pub provider: String,
    pub state: DeliveryState,
    pub deliveries: i64,
}

#[derive(FromRow)]
struct BacklogRow {
    provider: String,
    state: String,
    deliveries: i64,
}

impl<M: Mode> Tx<M> {
    /// The deliveries that wait, that nobody here is meant by, and that were given up. Those that came to something
    /// are not counted: there are too many.
    pub async fn backlogs(&mut self) -> Result<Vec<Backlog>> {
        const SQL: &str = "select provider, state, cast(sum(many) as bigint) as deliveries from (\
            select provider, state, count(*) as many from deliveries \
            where state in ('received', 'waiting', 'unmatched', 'dead') group by state, provider union all \
            select provider, 'received', sum(deliveries) from bundles group by provider) as counted group by state, provider";
        let rows: Vec<BacklogRow> = on!(self, |db| query_as(SQL).fetch_all(&mut **db))?;
        let read = |row: BacklogRow| {
            let state = Row("deliveries").parse("state", &row.state)?;
            Ok(Backlog { provider: row.provider, state, deliveries: row.deliveries })
        };
        rows.into_iter().map(read).collect()
    }

    /// The work that waits and the work that is being done, by type. Costs what it finds, however much is scheduled.
    pub async fn queues(&mut self, now: Timestamp) -> Result<Vec<Queue>> {
        // Whoever holds a job moves its `run_at` to the end of the lease: one that is due and held is orphaned.
        const SQL: &str = "select type, cast(sum(due) as bigint) as due, min(since) as oldest, cast(sum(running) as bigint) as running from (\
            select type, count(*) as due, min(run_at) as since, 0 as running from jobs \
            where finished_at is null and run_at <= $1 group by type \
            union all \
            select type, 0 as due, cast(null as bigint) as since, count(*) as running from jobs \
            where finished_at is null and lease_owner is not null and run_at > $1 group by type) as found \
            group by type order by type";
        let rows: Vec<QueueRow> = on!(self, |db| query_as(SQL).bind(now.as_millisecond()).fetch_all(&mut **db))?;
        rows.into_iter().map(QueueRow::read).collect()
    }
}

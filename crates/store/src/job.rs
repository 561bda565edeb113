//! Work to be done later: rows written in the transaction that created the need.

use jiff::Timestamp;
use model::{ConnectionId, JobId, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// Work to enqueue.
#[derive(Clone, Debug)]
pub struct NewJob {
    pub job_type: &'static str,
    pub user_id: Option<UserId>,
    pub connection_id: Option<ConnectionId>,
    /// At most one unfinished job has it; enqueueing another only brings that one forward.
    pub dedupe_key: Option<String>,
    pub payload: String,
    pub run_at: Timestamp,
}

/// Work to be done, being done, or done.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: JobId,
    pub job_type: String,
    pub user_id: Option<UserId>,
    pub connection_id: Option<ConnectionId>,
    pub payload: String,
    pub progress: Option<String>,
    pub run_at: Timestamp,
    pub tries: i64,
    pub finished_at: Option<Timestamp>,
    pub outcome: Option<String>,
    pub created_at: Timestamp,
}

#[derive(FromRow)]
pub(crate) struct JobRow {
    id: String,
    r#type: String,
    user_id: Option<String>,
    connection_id: Option<String>,
    payload: String,
    progress: Option<String>,
    run_at: i64,
    tries: i64,
    finished_at: Option<i64>,
    outcome: Option<String>,
    created_at: i64,
}

const ROW: Row = Row("jobs");
pub(crate) const COLUMNS: &str =
    "id, type, user_id, connection_id, payload, progress, run_at, tries, finished_at, outcome, created_at";

impl JobRow {
    pub(crate) fn read(self) -> Result<Job> {
        Ok(Job {
            id: ROW.parse("id", &self.id)?,
            job_type: self.r#type,
            user_id: ROW.parse_opt("user_id", self.user_id.as_deref())?,
            connection_id: ROW.parse_opt("connection_id", self.connection_id.as_deref())?,
            payload: self.payload,
            progress: self.progress,
            run_at: ROW.time("run_at", self.run_at)?,
            tries: self.tries,
            finished_at: ROW.time_opt("finished_at", self.finished_at)?,
            outcome: self.outcome,
            created_at: ROW.time("created_at", self.created_at)?,
        })
    }
}

impl<M: Mode> Tx<M> {
    /// One job of a person.
    pub async fn job(&mut self, user: UserId, id: JobId) -> Result<Job> {
        let sql = AssertSqlSafe(format!("select {COLUMNS} from jobs where user_id = $1 and id = $2"));
        let row: Option<JobRow> =
            on!(self, |db| query_as(sql).bind(user.to_string()).bind(id.to_string()).fetch_optional(&mut **db))?;
        row.ok_or(Error::NotFound("job"))?.read()
    }

    /// A connection's jobs that have begun or ended, the newest first.
    pub async fn recent_jobs(&mut self, user: UserId, connection: ConnectionId, limit: i64) -> Result<Vec<Job>> {
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS} from jobs where user_id = $1 and connection_id = $2 \
             and (tries > 0 or run_at <= created_at) order by id desc limit $3"
        ));
        let rows: Vec<JobRow> = on!(self, |db| query_as(sql)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(limit)
            .fetch_all(&mut **db))?;
        rows.into_iter().map(JobRow::read).collect()
    }

    /// Since when the oldest due job waits.
    pub async fn oldest_due(&mut self, now: Timestamp) -> Result<Option<Timestamp>> {
        Ok(self.next_due().await?.filter(|due| *due <= now))
    }

    /// When the next job is due; one that is claimed, when its lease ends.
    pub async fn next_due(&mut self) -> Result<Option<Timestamp>> {
        const SQL: &str = "select min(run_at) from jobs where finished_at is null";
        let millis: Option<i64> = on!(self, |db| query_scalar(SQL).fetch_one(&mut **db))?;
        ROW.time_opt("run_at", millis)
    }
}

impl Tx<Write> {
    /// Enqueues work. The unfinished job of the same key is brought forward instead, unless it was put off after a try;
    /// one that is being done is done once more.
    pub async fn enqueue(&mut self, now: Timestamp, new: NewJob) -> Result<JobId> {
        const SQL: &str = "insert into jobs (id, type, user_id, connection_id, dedupe_key, payload, run_at, created_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (dedupe_key) do update set \
            again_at = case when jobs.lease_owner is not null and (jobs.again_at is null or excluded.run_at < jobs.again_at) \
            then excluded.run_at else jobs.again_at end, \
            run_at = case when jobs.lease_owner is null and jobs.tries = 0 and excluded.run_at < jobs.run_at \
            then excluded.run_at else jobs.run_at end \
            returning id";
        let id: JobId = self.random.id(now);
        let id: String = on!(self, |db| query_scalar(SQL)
            .bind(id.to_string())
            .bind(new.job_type)
            .bind(new.user_id.map(|id| id.to_string()))
            .bind(new.connection_id.map(|id| id.to_string()))
            .bind(new.dedupe_key.as_deref())
            .bind(&new.payload)
            .bind(new.run_at.as_millisecond())
            .bind(now.as_millisecond())
            .fetch_one(&mut **db))?;
        ROW.parse("id", &id)
    }

    /// Claims due jobs for a while.
    pub async fn claim_jobs(
        &mut self,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
    ) -> Result<Vec<Job>> {
        // A subquery would be run again for every row that PostgreSQL looks at, and each time find others.
        let sql = AssertSqlSafe(format!(
            "with due as materialized \
             (select id from jobs where finished_at is null and run_at <= $2 order by run_at limit $4{}) \
             update jobs set lease_owner = $1, run_at = $3, again_at = null, tries = tries + 1 \
             where id in (select id from due) and finished_at is null and run_at <= $2 returning {COLUMNS}",
            self.skip_locked()
        ));
        let rows: Vec<JobRow> = on!(self, |db| query_as(sql)
            .bind(owner)
            .bind(now.as_millisecond())
            .bind(lease_until.as_millisecond())
            .bind(limit)
            .fetch_all(&mut **db))?;
        rows.into_iter().map(JobRow::read).collect()
    }

    /// Claims one job that was just enqueued, so that whoever waits for it can do it at once.
    pub async fn claim_job(&mut self, id: JobId, owner: &str, now: Timestamp, lease_until: Timestamp) -> Result<bool> {
        const SQL: &str = "update jobs set lease_owner = $2, run_at = $4, again_at = null, tries = tries + 1 \
                           where id = $1 and finished_at is null and (lease_owner is null or run_at <= $3)";
        Ok(change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(owner)
            .bind(now.as_millisecond())
            .bind(lease_until.as_millisecond())
            .execute(&mut **db))?
            == 1)
    }

    /// Keeps a job claimed, notes how far it is, and says whether it is still ours.
    pub async fn hold_job(
        &mut self,
        id: JobId,
        owner: &str,
        lease_until: Timestamp,
        progress: Option<&str>,
    ) -> Result<bool> {
        const SQL: &str = "update jobs set run_at = $3, progress = coalesce($4, progress) \
                           where id = $1 and lease_owner = $2 and finished_at is null";
        Ok(change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(owner)
            .bind(lease_until.as_millisecond())
            .bind(progress)
            .execute(&mut **db))?
            == 1)
    }

    /// Ends a job, or lets it wait for its turn again where somebody asked for it meanwhile.
    pub async fn finish_job(&mut self, id: JobId, owner: &str, now: Timestamp, outcome: &str) -> Result<()> {
        const SQL: &str = "update jobs set finished_at = case when again_at is null then $3 end, outcome = $4, \
            dedupe_key = case when again_at is null then null else dedupe_key end, run_at = coalesce(again_at, run_at), \
            tries = case when again_at is null then tries else 0 end, again_at = null, lease_owner = null \
            where id = $1 and lease_owner = $2 and finished_at is null";
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(owner)
            .bind(now.as_millisecond())
            .bind(outcome)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Puts a job off.
    pub async fn retry_job(&mut self, id: JobId, owner: &str, run_at: Timestamp, why: &str) -> Result<()> {
        const SQL: &str = "update jobs set run_at = $3, outcome = $4, lease_owner = null \
                           where id = $1 and lease_owner = $2 and finished_at is null";
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(owner)
            .bind(run_at.as_millisecond())
            .bind(why)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Brings a job of a key forward although it was put off, because whatever it waited for may have passed.
    pub async fn hasten_job(&mut self, dedupe_key: &str, now: Timestamp) -> Result<()> {
        const SQL: &str = "update jobs set run_at = $2, tries = 0 \
                           where dedupe_key = $1 and lease_owner is null and finished_at is null and run_at > $2";
        change!(self, |db| query(SQL).bind(dedupe_key).bind(now.as_millisecond()).execute(&mut **db))?;
        Ok(())
    }

    /// Gives back whatever an owner has claimed, so that others can go on with it at once.
    pub async fn release_jobs(&mut self, owner: &str, now: Timestamp) -> Result<u64> {
        const SQL: &str =
            "update jobs set lease_owner = null, run_at = $2 where lease_owner = $1 and finished_at is null";
        Ok(change!(self, |db| query(SQL).bind(owner).bind(now.as_millisecond()).execute(&mut **db))?)
    }

    /// Drops the jobs of a connection that have not ended.
    pub async fn drop_jobs(&mut self, user: UserId, connection: ConnectionId) -> Result<()> {
        const SQL: &str = "delete from jobs where user_id = $1 and connection_id = $2 and finished_at is null";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(connection.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Deletes some of the jobs that ended before an instant, those of one type later than all others; says how many.
    pub async fn sweep_jobs(&mut self, before: Timestamp, lasting: (&str, Timestamp), limit: i64) -> Result<u64> {
        const SQL: &str = "delete from jobs where id in (select id from jobs where finished_at < $1 \
                           and (type <> $2 or finished_at < $3) order by finished_at limit $4)";
        Ok(change!(self, |db| query(SQL)
            .bind(before.as_millisecond())
            .bind(lasting.0)
            .bind(lasting.1.as_millisecond())
            .bind(limit)
            .execute(&mut **db))?)
    }
}

//! The types of jobs there are, and how each is done.

pub(crate) mod verdict;

use jiff::{SignedDuration, Timestamp};
use model::Connection;
use store::{Job, NewJob};

pub(crate) use self::verdict::Verdict;
use crate::{Engine, Error, Result, sync};

pub(crate) const SYNC: &str = "sync";
pub(crate) const REFRESH: &str = "refresh";
pub(crate) const SWEEP: &str = "sweep";

/// The first sync of a connection.
pub(crate) fn backfill(connection: &Connection, now: Timestamp) -> NewJob {
    sync_job(connection, &sync::Plan::backfill(), now, "backfill")
}

/// The next sync of a connection in its turn.
pub(crate) fn scheduled_sync(connection: &Connection, run_at: Timestamp) -> NewJob {
    sync_job(connection, &sync::Plan::scheduled(), run_at, "scheduled")
}

/// A sync that somebody asked for.
pub(crate) fn asked_sync(connection: &Connection, plan: &sync::Plan, now: Timestamp) -> NewJob {
    NewJob { dedupe_key: None, ..sync_job(connection, plan, now, "asked") }
}

fn sync_job(connection: &Connection, plan: &sync::Plan, run_at: Timestamp, why: &str) -> NewJob {
    NewJob {
        job_type: SYNC,
        user_id: Some(connection.user_id),
        connection_id: Some(connection.id),
        dedupe_key: Some(format!("sync:{}:{why}", connection.id)),
        payload: plan.to_text(),
        run_at,
    }
}

/// Refreshes a connection's tokens when their end draws near, whether or not anybody syncs.
pub(crate) fn refresh(connection: &Connection, run_at: Timestamp) -> NewJob {
    NewJob {
        job_type: REFRESH,
        user_id: Some(connection.user_id),
        connection_id: Some(connection.id),
        dedupe_key: Some(format!("refresh:{}", connection.id)),
        payload: String::new(),
        run_at,
    }
}

/// Deletes what has had its time.
pub(crate) fn sweep(run_at: Timestamp) -> NewJob {
    NewJob {
        job_type: SWEEP,
        user_id: None,
        connection_id: None,
        dedupe_key: Some(SWEEP.to_owned()),
        payload: String::new(),
        run_at,
    }
}

impl Engine {
    /// Does a job, and says what is to become of it.
    pub(crate) async fn perform(&self, job: &Job) -> Verdict {
        match job.job_type.as_str() {
            SYNC => self.run_sync(job).await,
            REFRESH => Verdict::from(self.keep_fresh(job).await),
            SWEEP => Verdict::from(self.sweep().await),
            other => Verdict::Fail(format!("nobody knows how to do \"{other}\"")),
        }
    }

    async fn keep_fresh(&self, job: &Job) -> Result<Vec<NewJob>> {
        let (Some(user), Some(id)) = (job.user_id, job.connection_id) else { return Ok(Vec::new()) };
        let connection = self.db.read().await?.connection(user, id).await?;
        self.access(&connection).await?;
        let now = self.clock.now();
        let Some(credential) = self.db.read().await?.find_credential(user, id, now).await? else {
            return Ok(Vec::new());
        };
        let awaited = credential.outcome_unknown || credential.being_refreshed || credential.refresh.is_none();
        if credential.refresh_at <= now && !awaited {
            // The old token still serves, so nobody else noticed; trying again is this job's business.
            return Err(Error::Unavailable { message: "the tokens could not be refreshed".into(), retry_at: None });
        }
        Ok(vec![refresh(&connection, credential.next_look(now))])
    }

    async fn sweep(&self) -> Result<Vec<NewJob>> {
        let now = self.clock.now();
        let ago = |span| now.saturating_sub(span).unwrap_or(now);
        let abandoned = self.db.write().await?.abandoned_connections(ago(SignedDuration::from_mins(30))).await?;
        for (user, connection) in abandoned {
            // Somebody may have confirmed it this very moment; what else is old must be swept all the same.
            if let Err(error) = self.abandon(user, connection).await {
                tracing::warn!(connection.id = %connection, %error, "a connection that waited too long is still there");
            }
        }
        let mut tx = self.db.write().await?;
        // Whatever ended a chain of jobs, an active connection is not left without its next sync and refresh.
        for connection in tx.idle_connections().await? {
            tx.enqueue(now, scheduled_sync(&connection, now)).await?;
            tx.enqueue(now, refresh(&connection, now)).await?;
        }
        tx.sweep_sessions(now).await?;
        tx.sweep_attempts(ago(SignedDuration::from_hours(24))).await?;
        tx.sweep_reads(ago(SignedDuration::from_hours(1))).await?;
        tx.sweep_keys(ago(SignedDuration::from_hours(24))).await?;
        tx.sweep_jobs(ago(SignedDuration::from_hours(24 * 30))).await?;
        tx.commit().await?;
        Ok(vec![sweep(now.saturating_add(SignedDuration::from_mins(30)).unwrap_or(now))])
    }
}

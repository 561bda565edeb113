//! The types of jobs there are, and how each is done.

pub(crate) mod verdict;

use jiff::Timestamp;
use model::{Connection, ConnectionId, UserId};
use store::{Job, NewJob};

pub(crate) use self::verdict::Verdict;
use crate::{Engine, Error, Result, sync};

pub(crate) const SYNC: &str = "sync";
pub(crate) const REFRESH: &str = "refresh";
pub(crate) const ATTEND: &str = "attend";
pub(crate) const RECONCILE: &str = "reconcile";
pub(crate) const SWEEP: &str = "sweep";
pub(crate) const KEEP: &str = "keep";
pub(crate) const PURGE: &str = "purge";
pub(crate) const EXPORT: &str = "export";
pub(crate) const SURVEY: &str = "survey";

/// Every type of job, for those who count them.
pub(crate) const ALL: [&str; 9] = [SYNC, REFRESH, ATTEND, RECONCILE, SWEEP, KEEP, PURGE, EXPORT, SURVEY];

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

/// A sync of some days of a collection that a notice speaks of.
pub(crate) fn noticed_sync(connection: &Connection, collection: &str, days: u32, now: Timestamp) -> NewJob {
    let plan = sync::Plan { days: Some(days), collection: Some(collection.to_owned()), recurring: false };
    sync_job(connection, &plan, now, &format!("noticed:{collection}"))
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

/// Attends to what a connection's provider has told of.
pub(crate) fn attend(user: UserId, connection: ConnectionId, run_at: Timestamp) -> NewJob {
    NewJob {
        job_type: ATTEND,
        user_id: Some(user),
        connection_id: Some(connection),
        dedupe_key: Some(format!("attend:{connection}")),
        payload: String::new(),
        run_at,
    }
}

/// Compares what a provider tells us of with what we want of it.
pub(crate) fn reconcile(provider: &str, run_at: Timestamp) -> NewJob {
    NewJob {
        dedupe_key: Some(format!("{RECONCILE}:{provider}")),
        payload: provider.to_owned(),
        ..of_the_house(RECONCILE, run_at)
    }
}

/// Deletes what nobody can use any more.
pub(crate) fn sweep(run_at: Timestamp) -> NewJob {
    of_the_house(SWEEP, run_at)
}

/// Forgets what has had its time.
pub(crate) fn keep(run_at: Timestamp) -> NewJob {
    of_the_house(KEEP, run_at)
}

fn of_the_house(job_type: &'static str, run_at: Timestamp) -> NewJob {
    NewJob {
        job_type,
        user_id: None,
        connection_id: None,
        dedupe_key: Some(job_type.to_owned()),
        payload: String::new(),
        run_at,
    }
}

/// Removes what is older than a person's records are kept from now on.
pub(crate) fn purge(user: UserId, run_at: Timestamp) -> NewJob {
    NewJob { user_id: Some(user), dedupe_key: Some(format!("{PURGE}:{user}")), ..of_the_house(PURGE, run_at) }
}

impl Engine {
    /// Does a job, and says what is to become of it.
    pub(crate) async fn perform(&self, job: &Job) -> Verdict {
        match job.job_type.as_str() {
            SYNC => self.run_sync(job).await,
            REFRESH => Verdict::from(self.keep_fresh(job).await),
            ATTEND => self.attend(job).await,
            RECONCILE => self.run_reconcile(job).await,
            SWEEP => Verdict::from(self.sweep().await),
            KEEP => Verdict::from(self.keep_house().await),
            PURGE => Verdict::from(self.purge_asked(job).await),
            EXPORT => self.export(job).await,
            SURVEY => Verdict::from(self.survey(job).await),
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
}

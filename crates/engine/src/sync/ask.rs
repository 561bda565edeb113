//! Somebody asks for a sync.

use jiff::{SignedDuration, Timestamp};
use model::{Action, Actor, Connection, ConnectionState, JobId, UserId};
use serde::Serialize;
use store::Job;
use tokio::sync::OwnedSemaphorePermit;

use super::{Outcome, Plan, Progress};
use crate::{Engine, Error, Result, jobs, worker};

/// Whoever asks for data older than this is given newer data soon.
const OLD: SignedDuration = SignedDuration::from_hours(6);
const MOST_DAYS: u32 = 90;

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct SyncRequest {
    pub days: u32,
    /// A collection, or `all`.
    pub collection: String,
    /// Whether to wait for what it brings.
    pub wait: bool,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Asked {
    Queued(JobId),
    Done(Outcome),
}

/// A job as those see it who wait for it.
#[derive(Clone, Debug, Serialize)]
pub struct JobReport {
    pub job_id: JobId,
    /// `queued`, `running`, `retrying`, `done` or `failed`.
    pub state: &'static str,
    /// `connected` of the first sync, `scheduled` or `asked`.
    pub cause: &'static str,
    pub finished: bool,
    /// Collections done, of how many.
    pub done: usize,
    pub total: usize,
    pub collection: Option<String>,
    pub days_done: u32,
    pub days_total: u32,
    pub synced: std::collections::BTreeMap<String, usize>,
    pub error: Option<String>,
    pub outcome: Option<Outcome>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

impl Engine {
    /// Queues a sync that somebody asks for, or does it at once when they wait for it.
    pub async fn ask_sync(&self, actor: &Actor, user: UserId, provider: &str, request: &SyncRequest) -> Result<Asked> {
        let plan = self.plan(provider, request)?;
        let name = self.provider(provider)?.manifest().name.clone();
        let place = if request.wait { self.asked.clone().acquire_owned().await.ok() } else { None };
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let connection = tx.find_connection(user, provider).await?.ok_or(Error::NotConnected)?;
        if connection.state == ConnectionState::NeedsConsent {
            return Err(Error::NeedsConsent(connection.reason.unwrap_or(model::Reason::Refused)));
        }
        let id = tx.enqueue(now, jobs::asked_sync(&connection, &plan, now)).await?;
        tx.append_audit(user, now, actor, Action::SyncAsked, Some(&name)).await?;
        if request.wait {
            tx.claim_job(id, &self.process, now, worker::lease_from(now)).await?;
        }
        tx.commit().await?;
        self.wake.notify_one();
        if request.wait { self.do_now(user, id, place).await.map(Asked::Done) } else { Ok(Asked::Queued(id)) }
    }

    fn plan(&self, provider: &str, request: &SyncRequest) -> Result<Plan> {
        if !(1..=MOST_DAYS).contains(&request.days) {
            return Err(Error::invalid("days", format!("is between 1 and {MOST_DAYS}")));
        }
        let collections = &self.provider(provider)?.manifest().collections;
        let named = collections.iter().find(|collection| collection.id.eq_ignore_ascii_case(&request.collection));
        match (request.collection.as_str(), named) {
            ("all", _) => Ok(Plan { days: Some(request.days), collection: None, recurring: false }),
            (_, Some(named)) => {
                Ok(Plan { days: Some(request.days), collection: Some(named.id.clone()), recurring: false })
            }
            _ => Err(Error::invalid("type", "is neither all nor a collection of this provider")),
        }
    }

    /// Does a claimed job in a task of its own: whoever waits may go away.
    async fn do_now(&self, user: UserId, id: JobId, place: Option<OwnedSemaphorePermit>) -> Result<Outcome> {
        let engine = self.clone();
        let task = self.tasks.spawn(async move {
            let job = engine.db.read().await?.job(user, id).await?;
            engine.run(&job).await;
            drop(place);
            Ok::<_, Error>(engine.db.read().await?.job(user, id).await?)
        });
        let broken = || Error::Unavailable { message: "the sync broke off".into(), retry_at: None };
        let job = task.await.map_err(|_| broken())??;
        let text = job.outcome.unwrap_or_default();
        match serde_json::from_str(&text) {
            Ok(outcome) => Ok(outcome),
            Err(_) if job.finished_at.is_none() => {
                Err(Error::Unavailable { message: text, retry_at: Some(job.run_at) })
            }
            Err(_) => Err(Error::Refused(text)),
        }
    }

    /// How far a job of a person is.
    pub async fn job(&self, user: UserId, id: JobId) -> Result<JobReport> {
        Ok(report(self.db.read().await?.job(user, id).await?))
    }

    /// The last jobs of a connection.
    pub(crate) fn report_all(jobs: Vec<Job>) -> Vec<JobReport> {
        jobs.into_iter().filter(|job| job.job_type == jobs::SYNC).map(report).collect()
    }
}

/// Brings the next sync forward when what somebody reads is old.
pub(crate) async fn bring_forward(engine: &Engine, connection: &Connection) -> Result<()> {
    let now = engine.clock.now();
    let Some(last) = connection.last_sync_at else { return Ok(()) };
    if connection.state != ConnectionState::Active || now.duration_since(last) < OLD {
        return Ok(());
    }
    let mut tx = engine.db.write().await?;
    tx.enqueue(now, jobs::scheduled_sync(connection, now)).await?;
    tx.commit().await?;
    engine.wake.notify_one();
    Ok(())
}

/// A sync as it is told of.
pub(crate) fn report(job: Job) -> JobReport {
    let progress: Progress =
        job.progress.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let text = job.outcome.unwrap_or_default();
    let outcome: Option<Outcome> = serde_json::from_str(&text).ok();
    let state = match (&job.finished_at, &outcome) {
        (Some(_), Some(_)) => "done",
        (Some(_), None) => "failed",
        (None, _) if job.tries == 0 => "queued",
        (None, _) if text.is_empty() => "running",
        (None, _) => "retrying",
    };
    JobReport {
        job_id: job.id,
        state,
        cause: Plan::parse(&job.payload).map_or("asked", |plan| plan.cause()),
        finished: job.finished_at.is_some(),
        done: progress.done.len(),
        total: progress.total,
        collection: progress.collection,
        days_done: progress.days_done,
        days_total: progress.days_total,
        synced: progress.counts,
        error: Some(text).filter(|text| outcome.is_none() && !text.is_empty()),
        outcome,
        created_at: job.created_at,
        finished_at: job.finished_at,
    }
}

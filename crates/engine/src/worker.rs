//! Does the jobs that are due.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use store::Job;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    Engine, Result,
    jobs::{self, Verdict, verdict},
    measure,
};

/// A job whose process does not report for so long is taken to be orphaned.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// Often enough that a report or two may be late.
const REPORT_EVERY: Duration = Duration::from_secs(15);
/// Most of a job's time is spent waiting for a provider.
const AT_ONCE: usize = 16;
/// A job that is due but held by others must not make us spin.
const A_MOMENT: SignedDuration = SignedDuration::from_millis(50);
/// A database that stumbles must not leave a job that is done to wait for its lease.
const STORE_TRIES: u32 = 10;
const STORE_AGAIN: Duration = Duration::from_millis(100);
/// Another process may have enqueued something without our hearing of it.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(2);
/// Clocks are seldom wrong.
const SEE_TO_IT: Duration = Duration::from_mins(30);

impl Engine {
    /// Opens deliveries as they come and does jobs as they fall due, until told to stop; then waits for those under way.
    pub async fn work(&self, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        if let Err(error) = self.begin_sweeping().await {
            tracing::error!(%error, "sweeping could not be scheduled");
        }
        if let Err(error) = self.begin_listening().await {
            tracing::error!(%error, "listening could not be scheduled");
        }
        tokio::join!(
            self.do_as_they_fall_due(&places, &stop),
            self.open_as_they_come(&stop),
            self.see_to_what_recurs(&stop)
        );
        let _ = tokio::time::timeout(Duration::from_secs(8), places.acquire_many(AT_ONCE as u32)).await;
    }

    async fn do_as_they_fall_due(&self, places: &Arc<Semaphore>, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let taken = self.start_due(places).await.unwrap_or_else(|error| {
                tracing::error!(%error, "jobs could not be claimed");
                0
            });
            if taken == 0 {
                tokio::select! {
                    () = self.rest() => {}
                    () = stop.cancelled() => {}
                }
            }
        }
    }

    /// Gives back the jobs that did not end in time, so that the next process need not wait for their leases. Here nobody
    /// goes on with them.
    pub async fn hand_back(&self) -> Result<()> {
        self.handed_back.cancel();
        let mut tx = self.db.write().await?;
        tx.release_jobs(&self.process, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Opens what was received, and does the jobs that are due now and those that they bring, one after another. Says how
    /// many jobs.
    pub async fn run_due(&self) -> Result<usize> {
        let mut done = 0;
        loop {
            while self.open_received().await? > 0 {}
            let jobs = self.claim_due(1).await?;
            if jobs.is_empty() {
                return Ok(done);
            }
            for job in jobs {
                self.run(&job).await;
                done += 1;
            }
        }
    }

    async fn begin_sweeping(&self) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        tx.enqueue(now, jobs::sweep(now)).await?;
        tx.enqueue(now, jobs::keep(now)).await?;
        Ok(tx.commit().await?)
    }

    /// By a clock that was ahead for a while, and is right again, what recurs would be far off.
    async fn see_to_what_recurs(&self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = self.clock.sleep(SEE_TO_IT) => {}
                () = stop.cancelled() => return,
            }
            if let Err(error) = self.hasten_keeping().await {
                tracing::warn!(%error, "whether the house will be kept could not be seen to");
            }
        }
    }

    async fn start_due(&self, places: &Arc<Semaphore>) -> Result<usize> {
        let free = places.available_permits();
        if free == 0 {
            return Ok(0);
        }
        let jobs = self.claim_due(i64::try_from(free).unwrap_or(1)).await?;
        let count = jobs.len();
        for job in jobs {
            let Ok(place) = places.clone().acquire_owned().await else { break };
            let engine = self.clone();
            self.tasks.spawn(async move {
                engine.run(&job).await;
                drop(place);
                engine.wake.notify_one();
            });
        }
        Ok(count)
    }

    async fn rest(&self) {
        let now = self.clock.now();
        let after = |span| now.saturating_add(span).unwrap_or(Timestamp::MAX);
        let next = async { self.db.read().await?.next_due().await };
        let next = next.await.ok().flatten().unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = self.clock.sleep_until(next.clamp(after(A_MOMENT), after(LOOK_AGAIN))) => {}
            () = self.wake.notified() => {}
        }
    }

    async fn claim_due(&self, limit: i64) -> Result<Vec<Job>> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let jobs = tx.claim_jobs(&self.process, now, lease_from(now), limit).await?;
        tx.commit().await?;
        Ok(jobs)
    }

    /// Does one job that was claimed, and carries the verdict out.
    #[tracing::instrument(name = "job", skip_all, fields(job.id = %job.id, job.r#type = job.job_type, tries = job.tries))]
    pub(crate) async fn run(&self, job: &Job) {
        let begun = Instant::now();
        let verdict = tokio::select! {
            verdict = self.perform(job) => verdict,
            () = self.keep_reporting(job) => {
                measure::job(&job.job_type, None, begun.elapsed());
                tracing::warn!(job.id = %job.id, job.r#type = job.job_type, "a job was taken over by another process");
                return;
            }
            () = self.handed_back.cancelled() => {
                tracing::info!(job.id = %job.id, job.r#type = job.job_type, "a job is left to the next process");
                return;
            }
        };
        measure::job(&job.job_type, Some(&verdict), begun.elapsed());
        let mut tries = 0;
        while let Err(error) = self.carry_out(job, &verdict).await {
            if self.handed_back.is_cancelled() {
                return;
            }
            tries += 1;
            tracing::error!(job.id = %job.id, job.r#type = job.job_type, %error, "a verdict could not be stored");
            if tries == STORE_TRIES {
                return;
            }
            tokio::time::sleep(STORE_AGAIN * tries).await;
        }
    }

    /// Keeps a job ours for as long as it takes; ends when it is ours no more.
    async fn keep_reporting(&self, job: &Job) {
        loop {
            self.clock.sleep(REPORT_EVERY).await;
            if self.report(job).await.is_ok_and(|ours| !ours) {
                return;
            }
        }
    }

    async fn report(&self, job: &Job) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let ours = tx.hold_job(job.id, &self.process, lease_from(self.clock.now()), None).await?;
        tx.commit().await?;
        Ok(ours)
    }

    async fn carry_out(&self, job: &Job, verdict: &Verdict) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        match verdict {
            Verdict::Done { outcome, next } => {
                tx.finish_job(job.id, &self.process, now, outcome).await?;
                for job in next {
                    tx.enqueue(now, job.clone()).await?;
                }
            }
            Verdict::Retry { why, at } => {
                tracing::info!(job.id = %job.id, job.r#type = job.job_type, why, "a job is put off");
                let at = at.unwrap_or_else(|| verdict::backoff(now, job.tries, self.random.fraction()));
                tx.retry_job(job.id, &self.process, at, why).await?;
            }
            Verdict::Fail(why) => {
                tracing::warn!(job.id = %job.id, job.r#type = job.job_type, why, "a job failed");
                tx.finish_job(job.id, &self.process, now, why).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

/// Until when a job that is claimed or reported on now is ours.
pub(crate) fn lease_from(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE).unwrap_or(Timestamp::MAX)
}

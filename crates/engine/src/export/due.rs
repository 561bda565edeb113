//! What is to be written: a job for each sink and person, in the transaction that made the need.

use jiff::Timestamp;
use model::{Audience, SinkId, UserId};
use store::{Job, NewJob, Tx, Write};

use crate::{Engine, Result, jobs};

/// So many people are found to be behind in one transaction.
const PEOPLE_AT_ONCE: i64 = 500;

/// A person's log has grown: every sink that is told of them is due.
pub(crate) async fn mark(tx: &mut Tx<Write>, user: UserId, now: Timestamp) -> Result<()> {
    for sink in tx.sinks_in_use(user).await? {
        tx.enqueue(now, export(sink, user, now)).await?;
    }
    Ok(())
}

/// Everything that a sink is behind with is due, whatever was held against it.
pub(super) async fn hasten(tx: &mut Tx<Write>, audience: Audience, sink: SinkId, now: Timestamp) -> Result<()> {
    match audience {
        Audience::Person(user) => hasten_one(tx, sink, user, now).await,
        Audience::Everybody => {
            tx.enqueue(now, survey(sink, now)).await?;
            Ok(())
        }
    }
}

/// The same for one person's log.
pub(super) async fn hasten_one(tx: &mut Tx<Write>, sink: SinkId, user: UserId, now: Timestamp) -> Result<()> {
    let job = export(sink, user, now);
    let key = job.dedupe_key.clone().unwrap_or_default();
    tx.enqueue(now, job).await?;
    Ok(tx.hasten_job(&key, now).await?)
}

/// Writes what a person's log holds to a sink.
pub(super) fn export(sink: SinkId, user: UserId, run_at: Timestamp) -> NewJob {
    NewJob {
        job_type: jobs::EXPORT,
        user_id: Some(user),
        connection_id: None,
        dedupe_key: Some(format!("sink:{sink}:{user}")),
        payload: sink.to_string(),
        run_at,
    }
}

/// Finds the people whom a sink for everybody is behind with.
pub(super) fn survey(sink: SinkId, run_at: Timestamp) -> NewJob {
    NewJob {
        job_type: jobs::SURVEY,
        user_id: None,
        connection_id: None,
        dedupe_key: Some(format!("survey:{sink}")),
        payload: sink.to_string(),
        run_at,
    }
}

impl Engine {
    /// Marks as due whomever a sink for everybody is behind with.
    pub(crate) async fn survey(&self, job: &Job) -> Result<Vec<NewJob>> {
        let Ok(sink) = job.payload.parse() else { return Ok(Vec::new()) };
        let mut after = None;
        loop {
            let now = self.clock.now();
            let mut tx = self.db.write().await?;
            let people = tx.people_behind(sink, after, PEOPLE_AT_ONCE).await?;
            for user in &people {
                hasten_one(&mut tx, sink, *user, now).await?;
            }
            tx.commit().await?;
            self.wake.notify_one();
            after = people.last().copied();
            if after.is_none() {
                return Ok(Vec::new());
            }
        }
    }
}

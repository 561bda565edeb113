//! How far a job is, once or as it goes on.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use engine::JobReport;
use futures::{Stream, StreamExt, stream};
use model::{Action, JobId, UserId};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    State,
    auth::{ConnectionsRead, For, Stay},
    declared::{Also, Problems},
    extract::accepts,
    problem::{Problem, ProblemId},
    stream::Place,
};

use super::Subject;

/// How often a job that runs is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(400);
/// One that waits is looked at ever more seldom, down to this.
const LOOK_SELDOM: Duration = Duration::from_secs(5);
/// A stream ends after so long, whatever has become of the job.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// How far a job is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the engine's own type makes")]
pub(crate) struct JobAnswer {
    job_id: String,
    state: JobState,
    cause: JobCause,
    finished: bool,
    /// Collections done, of how many.
    done: u32,
    total: u32,
    #[schema(required, nullable)]
    collection: Option<String>,
    days_done: u32,
    days_total: u32,
    /// Records of each collection so far.
    #[schema(value_type = Object, additional_properties)]
    synced: Value,
    #[schema(required, nullable)]
    error: Option<String>,
    /// What the sync brought, once it is done.
    #[schema(required, nullable, value_type = Object)]
    outcome: Option<Value>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required, nullable, format = DateTime)]
    finished_at: Option<String>,
}

/// Where a job stands.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the answer")]
pub(crate) enum JobState {
    Queued,
    Running,
    Retrying,
    Done,
    Failed,
}

/// Why there is such a job: a first sync, one in its turn, or one that somebody asked for.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the answer")]
pub(crate) enum JobCause {
    Connected,
    Scheduled,
    Asked,
}

/// How far a job is; as `text/event-stream`, as it goes on.
#[utoipa::path(get, path = "/api/v1/jobs/{job}", operation_id = "read_job", tag = "integrations", params(("job" = String, Path), Subject),
    responses((status = 200, content((JobAnswer = "application/json"), (JobAnswer = "text/event-stream"))), Problems, Also<429>))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    subject: For<ConnectionsRead>,
    stay: Stay,
    Path(job): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id: JobId = job.parse().map_err(|_| ProblemId::NotFound.because("there is no such job"))?;
    state.engine.note_read(&subject.actor(), subject.user, Action::StatusRead).await?;
    let report = state.engine.job(subject.user, id).await?;
    if accepts(&headers, "text/event-stream") {
        let place = state.places.take(subject.actor(), Some(subject.user))?;
        let progress =
            Progress { state, stay, user: subject.user, id, last: String::new(), pause: LOOK_AGAIN, _place: place };
        return Ok(Sse::new(progress.stream()).keep_alive(KeepAlive::default()).into_response());
    }
    Ok(Answer::<JobReport>(report).into_response())
}

/// Somebody who is told how a job goes on.
struct Progress {
    state: State,
    stay: Stay,
    user: UserId,
    id: JobId,
    /// What was told last.
    last: String,
    /// How long until the next look.
    pause: Duration,
    _place: Place,
}

impl Progress {
    /// One event for each step, until the job has ended, or nobody may see it any more.
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        let clock = self.state.engine.clock().clone();
        let steps = stream::unfold(Some(self), async |open| {
            let mut open = open?;
            let (text, finished) = open.next().await?;
            let event = Event::default().event("progress").data(text);
            Some((Ok(event), (!finished).then_some(open)))
        });
        steps.take_until(async move { clock.sleep(LONGEST).await })
    }

    /// The next step as it is told, and whether it is the last.
    async fn next(&mut self) -> Option<(String, bool)> {
        loop {
            self.stay.may::<ConnectionsRead>(self.user).await.ok()??;
            let report = self.state.engine.job(self.user, self.id).await.ok()?;
            let text = serde_json::to_string(&report).unwrap_or_default();
            if text != self.last {
                self.pause = LOOK_AGAIN;
                self.last.clone_from(&text);
                return Some((text, report.finished));
            }
            let engine = &self.state.engine;
            tokio::select! {
                () = engine.clock().sleep(self.pause) => {}
                () = engine.closing() => return None,
            }
            if report.state != "running" {
                self.pause = (2 * self.pause).min(LOOK_SELDOM);
            }
        }
    }
}

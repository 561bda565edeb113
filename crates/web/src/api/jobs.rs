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
use futures::{Stream, stream};
use model::{Action, JobId, UserId};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    State,
    auth::{ConnectionsRead, For, Stay},
    extract::accepts,
    problem::{Problem, ProblemId, Problems},
};

use super::Subject;

const LOOK_AGAIN: Duration = Duration::from_millis(400);

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
    responses((status = 200, body = JobAnswer), Problems))]
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
        let stream = progress(state, stay, subject.user, id);
        return Ok(Sse::new(stream).keep_alive(KeepAlive::default()).into_response());
    }
    Ok(Answer::<JobReport>(report).into_response())
}

/// One event for each step, until the job has ended, or nobody may see it any more.
fn progress(state: State, stay: Stay, user: UserId, id: JobId) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(Some((state, stay, String::new())), move |open| async move {
        let (state, stay, mut last) = open?;
        loop {
            stay.may::<ConnectionsRead>(user).await.ok()??;
            let report = state.engine.job(user, id).await.ok()?;
            let text = serde_json::to_string(&report).unwrap_or_default();
            if text != last {
                last.clone_from(&text);
                let event = Ok(Event::default().event("progress").data(text));
                return Some((event, (!report.finished).then_some((state, stay, last))));
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = state.engine.closing() => return None,
            }
        }
    })
}

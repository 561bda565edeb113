//! Events as server-sent events.

use std::time::Duration;

use axum::{
    extract::State as Extract,
    http::HeaderMap,
    response::{Response, sse::Event},
};
use engine::{Said, Via};
use utoipa::ToSchema;

use super::{
    End,
    pipe::Pipe,
    reading::{Reading, StreamQuery},
};
use crate::{
    State,
    api::Subject,
    auth::{For, RecordsRead, Stay},
    declared::{Also, Problems},
    extract::Query,
    problem::Problem,
};

/// How often a quiet stream shows that it is alive, and its reader is looked at.
const BEAT: Duration = Duration::from_secs(15);

/// One message of the stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer")]
pub(crate) struct StreamedEvent {
    /// The position.
    id: String,
    event: StreamedType,
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// What a message of the stream says.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the answer")]
pub(crate) enum StreamedType {
    Added,
    Revised,
    Removed,
    Reset,
    Behind,
}

/// Streams events as they happen, each position once.
///
/// Their `event` is `added`, `revised` or `removed`, their `id` the position, their data what `/api/v1/events` lists. An
/// `id` alone moves the cursor past events that are not for this reader. `reset` says that events up to `floor` are not
/// kept any more, and goes on after `head`. `behind` ends a stream that is not read fast enough: come back with its `id`.
#[utoipa::path(get, path = "/api/v1/events/stream", operation_id = "stream_events", tag = "records",
    params(StreamQuery, Subject,
        ("last-event-id" = Option<String>, Header, nullable = false, pattern = "^[0-9]*$",
            description = "The last `id` that was received; goes before `after`.")),
    responses((status = 200, content_type = "text/event-stream", body = StreamedEvent), Problems, Also<429>))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    subject: For<RecordsRead>,
    stay: Stay,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = last_event_id(&headers)?.or(query.after);
    let filter = query.filter()?;
    let place = state.places.take(subject.actor(), Some(subject.user))?;
    let reading = Reading::begin(state, &subject, stay, filter, after, Via::Sse).await?;
    let (pipe, answer) = Pipe::new(&reading.state.engine, place, reading.open.clone());
    tokio::spawn(run(reading, pipe));
    Ok(answer)
}

pub(crate) fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    match value.to_str().map(str::trim) {
        Ok("") => Ok(None),
        Ok(text) => text.parse().map(Some).map_err(|_| Problem::invalid("last-event-id", "is a position")),
        Err(_) => Err(Problem::invalid("last-event-id", "is a position")),
    }
}

async fn run(mut reading: Reading, pipe: Pipe) {
    let mut sent = reading.position();
    let end = match pump(&mut reading, &pipe, &mut sent).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    pipe.close(&end, Some(sent));
}

async fn pump(reading: &mut Reading, pipe: &Pipe, sent: &mut i64) -> Result<std::convert::Infallible, End> {
    pipe.open(Some(*sent)).await?;
    let clock = reading.state.engine.clock().clone();
    loop {
        tokio::select! {
            said = reading.next() => pipe.in_time(tell(pipe, &said?, sent)).await?,
            () = clock.sleep(BEAT) => {
                reading.still_may().await?;
                pipe.beat().await?;
            }
            () = pipe.left() => return Err(End::Left),
        }
    }
}

async fn tell(pipe: &Pipe, said: &[Said], sent: &mut i64) -> Result<(), End> {
    for said in said {
        pipe.put(write(said)).await?;
        *sent = said.position();
    }
    Ok(())
}

fn write(said: &Said) -> Event {
    let event = Event::default().id(said.position().to_string());
    match said {
        Said::Event(told) => event.event(told.change.change_type.as_str()).data(told.json()),
        Said::Cursor(_) => event,
        Said::Reset { floor, head } => event.event("reset").data(format!(r#"{{"floor":{floor},"head":{head}}}"#)),
    }
}

//! The administrators' view: that things change, for all people, as it happens.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State as Extract,
    response::{Response, sse::Event},
};
use engine::{Glimpse, OpenStream, Via, Watch};
use model::{Action, Actor, Sharing};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{End, pipe::Pipe};
use crate::{
    State,
    api::change_type,
    auth::{RecordsRead, Staff, Stay},
    declared::{Also, Problems},
    extract::Query,
    problem::Problem,
};

/// How often a quiet stream shows that it is alive, and its reader is looked at.
const BEAT: Duration = Duration::from_secs(15);

/// Somebody who watches.
struct Watching {
    state: State,
    stay: Stay,
    actor: Actor,
    watch: Watch,
    open: Arc<OpenStream>,
}

/// Nothing can be chosen: who would filter is told so.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveQuery {}

/// One message of the stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer")]
pub(crate) struct WatchedEvent {
    #[schema(schema_with = change_type)]
    event: String,
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// Streams that there are changes of all people's records, as they happen.
///
/// The `event` is `added`, `revised` or `removed`, the data says whose (`user_id`) and at which `position`, of which
/// `provider` and `kind`, and when (`at`). There is no order across people and no cursor. Each person's audit trail says
/// who has watched, once a minute.
#[utoipa::path(get, path = "/api/v1/events/live", operation_id = "watch_events", tag = "records",
    responses((status = 200, content_type = "text/event-stream", body = WatchedEvent), Problems, Also<422>, Also<429>))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    staff: Staff<RecordsRead>,
    stay: Stay,
    Query(LiveQuery {}): Query<LiveQuery>,
) -> Result<Response, Problem> {
    let place = state.places.take(staff.actor(), None)?;
    let watch = state.engine.watch().await?;
    let open = Arc::new(OpenStream::new(Via::Live));
    let (pipe, answer) = Pipe::new(&state.engine, place, open.clone());
    let watching = Watching { state, stay, actor: staff.actor(), watch, open };
    tokio::spawn(run(watching, pipe));
    Ok(answer)
}

async fn run(mut watching: Watching, pipe: Pipe) {
    let end = match watching.pump(&pipe).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    pipe.close(&end, None);
}

impl Watching {
    async fn pump(&mut self, pipe: &Pipe) -> Result<Infallible, End> {
        pipe.open(None).await?;
        let clock = self.state.engine.clock().clone();
        loop {
            let watched = tokio::select! {
                watched = self.watch.next() => watched?,
                () = clock.sleep(BEAT) => {
                    self.still_may().await?;
                    pipe.beat().await?;
                    continue;
                }
                () = pipe.left() => return Err(End::Left),
            };
            let sharing = self.still_may().await?;
            let glimpses = self.watch.take(&watched, sharing.as_ref()).await?;
            if !glimpses.is_empty() {
                self.state.engine.note_read(&self.actor, watched.user, Action::EventsWatched).await?;
                self.open.sent(glimpses.len());
            }
            pipe.in_time(tell(pipe, &glimpses)).await?;
        }
    }

    async fn still_may(&self) -> Result<Option<Sharing>, End> {
        match self.stay.may_as_staff::<RecordsRead>().await {
            Ok(Some(caller)) => Ok(caller.sharing().cloned()),
            Ok(None) => Err(End::NoLonger),
            // The problem has been logged where it was made.
            Err(_) => Err(End::Trouble),
        }
    }
}

async fn tell(pipe: &Pipe, glimpses: &[Glimpse]) -> Result<(), End> {
    for glimpse in glimpses {
        pipe.put(write(glimpse)).await?;
    }
    Ok(())
}

fn write(glimpse: &Glimpse) -> Event {
    let data = serde_json::to_string(glimpse).unwrap_or_default();
    Event::default().event(glimpse.change_type.as_str()).data(data)
}

//! The log: what was added, revised and removed, in order.

use axum::{Json as Answer, extract::State as Extract};
use model::{Action, Change};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    State,
    auth::{For, RecordsRead},
    declared::{Also, Problems},
    extract::Query,
    problem::Problem,
};

use super::{Subject, Wanted, paging, words};

const MOST: i64 = 1_000;

/// Where to begin, and how many to read.
#[derive(Deserialize, IntoParams)]
pub(crate) struct EventsQuery {
    /// The position of the last event read.
    #[serde(default)]
    #[param(minimum = 0, default = 0)]
    after: i64,
    /// 1 to 1000.
    #[param(nullable = false, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
}

/// Events in the order of their positions.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventsAnswer {
    #[schema(value_type = Vec<EventAnswer>)]
    events: Vec<Change>,
    /// Where to go on.
    next_after: i64,
    /// The position of the newest event.
    head: i64,
}

/// A change of a record. Positions are gapless; what is not shared or not wanted is left out.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the model's own type makes")]
pub(crate) struct EventAnswer {
    position: i64,
    #[schema(schema_with = words::change_type)]
    r#type: String,
    provider: String,
    connection_id: String,
    record_id: String,
    #[schema(schema_with = words::kind)]
    kind: String,
    #[schema(required, nullable, format = Date)]
    day: Option<String>,
    #[schema(format = DateTime)]
    at: String,
}

/// Reads the log. What was pruned is answered with `cursor-expired`: go on after its `head`.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "list_events", tag = "records", params(EventsQuery, Wanted, Subject),
    responses((status = 200, body = EventsAnswer), Problems, Also<410>))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    subject: For<RecordsRead>,
    Query(query): Query<EventsQuery>,
    Query(wanted): Query<Wanted>,
) -> Result<Answer<EventsAnswer>, Problem> {
    let limit = paging::limit(query.limit, MOST)?;
    let filter = wanted.filter()?;
    state.engine.note_read(&subject.actor(), subject.user, Action::EventsRead).await?;
    let (events, next_after, head) =
        state.engine.events(subject.user, subject.sharing(), &filter, query.after, limit).await?;
    Ok(Answer(EventsAnswer { events, next_after, head }))
}

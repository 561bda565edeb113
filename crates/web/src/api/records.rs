//! Records: normalised facts.

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
};
use engine::RecordQuery;
use jiff::civil::Date;
use model::{Action, Kind, RecordId, StoredRecord};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{
    State,
    auth::{For, RecordsRead},
    declared::Problems,
    extract::Query,
    problem::{Problem, ProblemId},
};

use super::{Subject, paging, words};

const MOST: i64 = 500;

/// Which records to read.
#[derive(Deserialize, IntoParams)]
pub(crate) struct RecordsQuery {
    /// Kinds with commas between; none: all.
    #[param(nullable = false)]
    kind: Option<String>,
    /// The first day.
    #[param(required = false, value_type = String, format = Date)]
    from: Option<Date>,
    /// The last day.
    #[param(required = false, value_type = String, format = Date)]
    to: Option<Date>,
    #[param(nullable = false)]
    provider: Option<String>,
    /// Where to go on: the `next_cursor` of the answer before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// 1 to 500.
    #[param(nullable = false, minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// Records in the order of their days.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordsAnswer {
    #[schema(value_type = Vec<RecordAnswer>)]
    records: Vec<StoredRecord>,
    /// Null at the end.
    #[schema(required, nullable)]
    next_cursor: Option<String>,
}

/// A record.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the model's own type makes")]
pub(crate) struct RecordAnswer {
    id: String,
    connection_id: String,
    provider: String,
    #[schema(schema_with = words::kind)]
    kind: String,
    /// 1 when it was added, one more with each revision.
    revision: i64,
    #[schema(format = DateTime)]
    updated_at: String,
    /// The provider's own identity of the fact.
    provider_id: String,
    #[schema(required, nullable, format = Date)]
    day: Option<String>,
    #[schema(required, nullable, format = DateTime)]
    starts_at: Option<String>,
    #[schema(required, nullable, format = DateTime)]
    ends_at: Option<String>,
    /// The person's offset from UTC when it happened.
    #[schema(required, nullable)]
    zone_offset_seconds: Option<i32>,
    /// What the record tells, with units in the names.
    #[schema(value_type = Object, additional_properties)]
    body: Value,
}

/// Reads records.
#[utoipa::path(get, path = "/api/v1/records", operation_id = "list_records", tag = "records", params(RecordsQuery, Subject),
    responses((status = 200, body = RecordsAnswer), Problems))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    subject: For<RecordsRead>,
    Query(query): Query<RecordsQuery>,
) -> Result<Answer<RecordsAnswer>, Problem> {
    let limit = paging::limit(query.limit, MOST)?;
    let words = query.kind.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    let kinds: Result<Vec<Kind>, _> = words.map(str::parse).collect();
    let wanted = RecordQuery {
        kinds: kinds.map_err(|unknown| Problem::invalid("kind", unknown.to_string()))?,
        from: query.from,
        to: query.to,
        provider: query.provider,
        after: query.cursor.as_deref().map(read_cursor).transpose()?,
        limit,
    };
    state.engine.note_read(&subject.actor(), subject.user, Action::RecordsRead).await?;
    let records = state.engine.records(subject.user, subject.sharing(), wanted).await?;
    let place = |record: &StoredRecord| (record.record.day, record.id);
    let next_cursor = paging::go_on_after(&records, limit).map(place).map(write_cursor);
    Ok(Answer(RecordsAnswer { records, next_cursor }))
}

/// Reads one record.
#[utoipa::path(get, path = "/api/v1/records/{record}", operation_id = "read_record", tag = "records", params(("record" = String, Path), Subject),
    responses((status = 200, body = RecordAnswer), Problems))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    subject: For<RecordsRead>,
    Path(record): Path<String>,
) -> Result<Answer<StoredRecord>, Problem> {
    let id: RecordId = record.parse().map_err(|_| ProblemId::NotFound.because("there is no such record"))?;
    state.engine.note_read(&subject.actor(), subject.user, Action::RecordsRead).await?;
    Ok(Answer(state.engine.record(subject.user, subject.sharing(), id).await?))
}

/// A record's place: its day and its id.
type Place = (Option<Date>, RecordId);

pub(crate) fn write_cursor((day, id): Place) -> String {
    format!("{}~{id}", day.map(|day| day.to_string()).unwrap_or_default())
}

pub(crate) fn read_cursor(text: &str) -> Result<Place, Problem> {
    let invalid = || Problem::invalid("cursor", "did not come from here");
    let (day, id) = text.split_once('~').ok_or_else(invalid)?;
    let day = if day.is_empty() { None } else { Some(day.parse().map_err(|_| invalid())?) };
    Ok((day, id.parse().map_err(|_| invalid())?))
}

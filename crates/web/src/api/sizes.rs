//! How big the database is, for those who watch over the server.

use axum::{Json as Answer, extract::State as Extract};
use engine::Sizes;
use utoipa::ToSchema;

use crate::{
    State,
    auth::{MetricsRead, Staff},
    declared::Problems,
    problem::Problem,
};

/// How big the database is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the store's own type makes")]
pub(crate) struct SizesAnswer {
    bytes: i64,
    /// Bytes that hold nothing and will be used again. Null where the engine does not tell.
    #[schema(required, nullable)]
    free_bytes: Option<i64>,
    /// The biggest first.
    tables: Vec<TableAnswer>,
}

/// How big a table is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the store's own type makes")]
pub(crate) struct TableAnswer {
    name: String,
    /// Big tables are estimated where the engine can.
    rows: i64,
    /// With its indexes. Null where the engine does not tell, or would have to read too much.
    #[schema(required, nullable)]
    bytes: Option<i64>,
}

/// How big the database was, at most a minute ago; the tables of a big one, at most an hour ago.
#[utoipa::path(get, path = "/api/v1/sizes", operation_id = "read_sizes", tag = "operations",
    responses((status = 200, body = SizesAnswer), Problems))]
pub(crate) async fn show(Extract(state): Extract<State>, _staff: Staff<MetricsRead>) -> Result<Answer<Sizes>, Problem> {
    Ok(Answer(state.engine.sizes().await?.as_ref().clone()))
}

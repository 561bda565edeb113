//! Who did what to whose data.

use axum::{Json as Answer, extract::State as Extract};
use engine::AuditQuery;
use model::{Action, AuditEntry, Role, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    State,
    auth::{AuditRead, Caller, For, require_scope},
    declared::Problems,
    extract::Query,
    problem::{Problem, ProblemId},
};

use super::{paging, words};

const MOST: i64 = 500;

/// Which entries to read.
#[derive(Deserialize, IntoParams)]
pub(crate) struct TrailQuery {
    /// Whose trail; auditors, administrators and service tokens may name others.
    #[param(nullable = false)]
    user_id: Option<String>,
    /// Only entries before this position.
    #[param(nullable = false)]
    before: Option<i64>,
    /// Only entries of this action.
    #[param(schema_with = words::action)]
    action: Option<String>,
    /// 1 to 500.
    #[param(nullable = false, minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// Entries, the newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrailAnswer {
    #[schema(value_type = Vec<EntryAnswer>)]
    entries: Vec<AuditEntry>,
    /// Null at the end.
    #[schema(required, nullable)]
    next_before: Option<i64>,
}

/// One entry.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, which the model's own type makes")]
pub(crate) struct EntryAnswer {
    /// Gapless within a person's trail.
    position: i64,
    #[schema(format = DateTime)]
    at: String,
    /// `user`, `token`, `link`, `anonymous`, `system` or `operator`.
    actor: String,
    #[schema(required, nullable)]
    actor_id: Option<String>,
    #[schema(schema_with = words::action)]
    action: String,
    #[schema(required, nullable)]
    detail: Option<String>,
    /// Hash of this entry and of the one before it.
    hash: String,
}

/// Reads a trail.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "read_audit_trail", tag = "audit", params(TrailQuery),
    responses((status = 200, body = TrailAnswer), Problems))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    caller: Caller,
    Query(query): Query<TrailQuery>,
) -> Result<Answer<TrailAnswer>, Problem> {
    require_scope::<AuditRead>(&caller)?;
    let user = whose(&state, &caller, query.user_id.as_deref()).await?;
    let limit = paging::limit(query.limit, MOST)?;
    let action: Option<Action> = query
        .action
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|unknown: model::UnknownWord| Problem::invalid("action", unknown.to_string()))?;
    state.engine.note_read(&caller.actor(), user, Action::AuditRead).await?;
    let entries = state.engine.audit(user, &AuditQuery { before: query.before, action, limit }).await?;
    let next_before = paging::go_on_after(&entries, limit).map(|entry| entry.position);
    Ok(Answer(TrailAnswer { entries, next_before }))
}

/// People read their own trail; auditors and administrators in a browser, and service tokens, anybody's.
async fn whose(state: &State, caller: &Caller, named: Option<&str>) -> Result<UserId, Problem> {
    let staff = matches!(caller, Caller::Session { user, .. } if user.role != Role::Member);
    match named {
        Some(named) if staff => match state.engine.find_user(named).await? {
            Some(user) => Ok(user.id),
            None => Err(ProblemId::NotFound.because("there is no such user")),
        },
        named => For::<AuditRead>::whom(state, caller, named).await,
    }
}

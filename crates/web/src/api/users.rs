//! People, for administrators and embedding apps.

use axum::{Json as Answer, extract::State as Extract, http::StatusCode};
use identity::NewAccount;
use jiff::Timestamp;
use model::{Role, Secret, User, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    State,
    auth::{Caller, Staff, UsersWrite},
    declared::Problems,
    extract::{Json, Query},
    problem::Problem,
};

use super::words;

/// A person.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserAnswer {
    #[schema(value_type = String)]
    id: UserId,
    /// The name that an embedding app gave.
    #[schema(required, nullable)]
    external_id: Option<String>,
    #[schema(required, nullable)]
    email: Option<String>,
    #[schema(schema_with = words::role)]
    role: Role,
    /// IANA time zone.
    zone: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<User> for UserAnswer {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            external_id: user.external_id,
            email: user.email,
            role: user.role,
            zone: user.zone,
            created_at: user.created_at,
        }
    }
}

/// Who is calling.
#[utoipa::path(get, path = "/api/v1/me", operation_id = "read_me", tag = "users",
    responses((status = 200, body = UserAnswer), Problems))]
pub(crate) async fn me(caller: Caller) -> Answer<UserAnswer> {
    Answer(caller.user().clone().into())
}

/// Where to begin.
#[derive(Deserialize, IntoParams)]
pub(crate) struct UsersQuery {
    /// The id of the last person read.
    #[param(required = false, value_type = String, format = Uuid)]
    after: Option<UserId>,
}

/// People in the order of their ids.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsersAnswer {
    users: Vec<UserAnswer>,
}

/// Lists people, a hundred at a time.
#[utoipa::path(get, path = "/api/v1/users", operation_id = "list_users", tag = "users", params(UsersQuery),
    responses((status = 200, body = UsersAnswer), Problems))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    _staff: Staff<UsersWrite>,
    Query(query): Query<UsersQuery>,
) -> Result<Answer<UsersAnswer>, Problem> {
    let users = state.engine.users(query.after, 100).await?;
    Ok(Answer(UsersAnswer { users: users.into_iter().map(Into::into).collect() }))
}

/// Somebody to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUserRequest {
    external_id: Option<String>,
    email: Option<String>,
    /// Without one the person cannot sign in here.
    #[schema(value_type = Option<String>)]
    password: Option<Secret>,
    /// IANA time zone; UTC when it is left out.
    zone: Option<String>,
}

/// Adds a person.
#[utoipa::path(post, path = "/api/v1/users", operation_id = "create_user", tag = "users", request_body = NewUserRequest,
    responses((status = 201, body = UserAnswer), Problems))]
pub(crate) async fn create(
    Extract(state): Extract<State>,
    staff: Staff<UsersWrite>,
    Json(request): Json<NewUserRequest>,
) -> Result<(StatusCode, Answer<UserAnswer>), Problem> {
    let new = NewAccount {
        external_id: request.external_id,
        email: request.email,
        password: request.password,
        role: Role::Member,
        zone: request.zone.unwrap_or_else(|| "UTC".to_owned()),
    };
    let user = state.identity.add_user(&staff.actor(), new).await?;
    Ok((StatusCode::CREATED, Answer(user.into())))
}

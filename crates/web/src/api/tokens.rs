//! API tokens.

use std::time::Duration;

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
    http::StatusCode,
};
use identity::TokenRequest;
use jiff::Timestamp;
use model::{Action, Scopes, Sharing, TokenId};
use serde::{Deserialize, Serialize};
use store::ApiToken;
use utoipa::ToSchema;

use crate::{
    State,
    auth::{For, TokensWrite},
    declared::Problems,
    extract::Json,
    problem::{Problem, ProblemId},
};

use super::{
    Subject,
    sharing::{SharingChange, Switches},
    words,
};

/// A token without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenAnswer {
    #[schema(value_type = String)]
    id: TokenId,
    name: String,
    /// Whether it reaches everybody; another reaches only its own person.
    service: bool,
    #[schema(schema_with = words::scopes)]
    scopes: Vec<String>,
    sharing: Switches,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(required, nullable, value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

impl From<ApiToken> for TokenAnswer {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            service: token.service,
            scopes: token.scopes.0.iter().map(ToString::to_string).collect(),
            sharing: Switches::of(&token.sharing),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }
}

/// A person's tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokensAnswer {
    tokens: Vec<TokenAnswer>,
}

/// Lists tokens.
#[utoipa::path(get, path = "/api/v1/tokens", operation_id = "list_tokens", tag = "tokens", params(Subject),
    responses((status = 200, body = TokensAnswer), Problems))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    subject: For<TokensWrite>,
) -> Result<Answer<TokensAnswer>, Problem> {
    state.engine.note_read(&subject.actor(), subject.user, Action::StatusRead).await?;
    let tokens = state.identity.tokens(subject.user).await?;
    Ok(Answer(TokensAnswer { tokens: tokens.into_iter().map(Into::into).collect() }))
}

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTokenRequest {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(schema_with = words::scopes)]
    scopes: Vec<String>,
    /// Administrators only: it reaches everybody.
    #[serde(default)]
    service: bool,
    /// None: it does not expire.
    #[schema(minimum = 1)]
    expires_in_days: Option<u32>,
    sharing: Option<SharingChange>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewTokenAnswer {
    #[serde(flatten)]
    token: TokenAnswer,
    /// Shown this once.
    secret: String,
}

/// Makes a token.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "create_token", tag = "tokens", params(Subject), request_body = NewTokenRequest,
    responses((status = 201, body = NewTokenAnswer), Problems))]
pub(crate) async fn create(
    Extract(state): Extract<State>,
    subject: For<TokensWrite>,
    Json(request): Json<NewTokenRequest>,
) -> Result<(StatusCode, Answer<NewTokenAnswer>), Problem> {
    let scopes =
        Scopes::parse(&request.scopes.join(" ")).map_err(|unknown| Problem::invalid("scopes", unknown.to_string()))?;
    let new = TokenRequest {
        owner: subject.user,
        service: request.service,
        name: request.name,
        scopes,
        sharing: request.sharing.unwrap_or_default().turn(Sharing::default()),
        expires_in: request.expires_in_days.map(|days| Duration::from_secs(u64::from(days) * 86_400)),
    };
    let (token, secret) = state.identity.create_token(&subject.actor(), new).await?;
    let answer = NewTokenAnswer { token: token.into(), secret: secret.expose().to_owned() };
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// Turns a token's own switches.
#[utoipa::path(patch, path = "/api/v1/tokens/{token}", operation_id = "change_token", tag = "tokens", params(("token" = String, Path), Subject),
    request_body = SharingChange,
    responses((status = 200, body = TokenAnswer), Problems))]
pub(crate) async fn change(
    Extract(state): Extract<State>,
    subject: For<TokensWrite>,
    Path(token): Path<String>,
    Json(change): Json<SharingChange>,
) -> Result<Answer<TokenAnswer>, Problem> {
    let id = read_id(&token)?;
    let tokens = state.identity.tokens(subject.user).await?;
    let token = tokens.into_iter().find(|token| token.id == id).ok_or_else(missing)?;
    let wanted = change.turn(token.sharing);
    let kept = state.identity.set_token_sharing(&subject.actor(), subject.user, id, &wanted).await?;
    Ok(Answer(kept.into()))
}

/// Revokes a token.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", operation_id = "revoke_token", tag = "tokens", params(("token" = String, Path), Subject),
    responses((status = 204), Problems))]
pub(crate) async fn revoke(
    Extract(state): Extract<State>,
    subject: For<TokensWrite>,
    Path(token): Path<String>,
) -> Result<StatusCode, Problem> {
    state.identity.revoke_token(&subject.actor(), subject.user, read_id(&token)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read_id(text: &str) -> Result<TokenId, Problem> {
    text.parse().map_err(|_| missing())
}

fn missing() -> Problem {
    ProblemId::NotFound.because("there is no such token")
}

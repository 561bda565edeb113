//! Connect links, for apps that embed us.

use axum::{Json as Answer, extract::State as Extract, http::StatusCode};
use engine::LinkRequest;
use jiff::Timestamp;
use model::{ConnectionId, Secret, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    State,
    auth::{LinksWrite, Service},
    declared::{Also, Problems},
    extract::Json,
    problem::Problem,
};

/// A link that an app wants for one of its users.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLinkRequest {
    /// The app's own name for its user, who becomes one of ours when they are not yet.
    external_user_id: String,
    /// None: all that are configured.
    #[serde(default)]
    providers: Vec<String>,
    /// Where the person is sent back, with `?code=…` or `?error=…`. On an allowed origin.
    return_url: String,
}

/// A link that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewLinkAnswer {
    /// Send the person there: once, within ten minutes, without sign-in.
    url: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = String)]
    user_id: UserId,
}

/// Makes a connect link.
#[utoipa::path(post, path = "/api/v1/connect-links", operation_id = "create_connect_link", tag = "connect links", request_body = NewLinkRequest,
    responses((status = 201, body = NewLinkAnswer), Problems))]
pub(crate) async fn create(
    Extract(state): Extract<State>,
    app: Service<LinksWrite>,
    Json(request): Json<NewLinkRequest>,
) -> Result<(StatusCode, Answer<NewLinkAnswer>), Problem> {
    let link = state
        .engine
        .make_link(LinkRequest {
            token: app.token.id,
            app_name: app.token.name,
            external_user_id: request.external_user_id,
            providers: request.providers,
            return_url: request.return_url,
        })
        .await?;
    let answer = NewLinkAnswer { url: link.url.into(), expires_at: link.expires_at, user_id: link.user_id };
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// The one-time code that came back on `return_url`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemRequest {
    #[schema(value_type = String)]
    code: Secret,
    /// When the user has connected another account before: whether it is replaced, keeping its records or not.
    replace: Option<Replace>,
}

/// What becomes of the records of the account that is replaced.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Replace {
    KeepData,
    EraseData,
}

/// The connection that is active now.
#[derive(Serialize, ToSchema)]
pub(crate) struct RedeemAnswer {
    #[schema(value_type = String)]
    user_id: UserId,
    #[schema(required, nullable)]
    external_user_id: Option<String>,
    provider: String,
    #[schema(value_type = String)]
    connection_id: ConnectionId,
    status: &'static str,
}

/// Confirms, from the app's backend, that the person who came back is its user. Until then nothing is collected.
#[utoipa::path(post, path = "/api/v1/connect-links/redeem", operation_id = "redeem_connect_link", tag = "connect links", request_body = RedeemRequest,
    responses((status = 200, body = RedeemAnswer), Problems, Also<404>, Also<410>))]
pub(crate) async fn redeem(
    Extract(state): Extract<State>,
    app: Service<LinksWrite>,
    Json(request): Json<RedeemRequest>,
) -> Result<Answer<RedeemAnswer>, Problem> {
    let preserve = request.replace.map(|replace| matches!(replace, Replace::KeepData));
    let redeemed = state.engine.redeem_link(app.token.id, &request.code, preserve).await?;
    Ok(Answer(RedeemAnswer {
        user_id: redeemed.user.id,
        external_user_id: redeemed.user.external_id,
        provider: redeemed.provider,
        connection_id: redeemed.connection,
        status: "active",
    }))
}

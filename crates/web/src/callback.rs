//! The way back from a provider.

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use engine::{Callback, Finished, StateProblem};
use model::{ConnectionId, Secret};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    State,
    auth::Visitor,
    declared::{Also, Problems},
    extract::{Query, accepts},
    pages::message,
    problem::{Problem, ProblemId},
};

/// What a provider appends (RFC 6749, sections 4.1.2 and 4.1.2.1).
#[derive(Deserialize, IntoParams)]
pub(crate) struct Returned {
    #[param(required = false, value_type = String)]
    state: Option<Secret>,
    #[param(required = false, value_type = String)]
    code: Option<Secret>,
    #[param(nullable = false)]
    scope: Option<String>,
    #[param(nullable = false)]
    error: Option<String>,
}

/// How it ended, for who asks for JSON.
#[derive(Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(crate) enum CallbackAnswer {
    /// The connection collects from now on.
    Active {
        provider: String,
        #[schema(value_type = String, format = Uuid)]
        connection_id: ConnectionId,
    },
    /// The app that sent the person must redeem the code in this address.
    Pending { provider: String, return_url: String },
}

/// Ends an OAuth round trip. Who asks for JSON gets JSON; everybody else is led on.
#[utoipa::path(get, path = "/api/v1/integrations/{provider}/callback", operation_id = "come_back", tag = "integrations",
    security(()), params(("provider" = String, Path), Returned),
    responses((status = 200, body = CallbackAnswer), (status = 303, description = "Led on to the connections, or back to the app"),
        Problems, Also<400>, Also<403>, Also<409>, Also<502>))]
pub(crate) async fn finish(
    Extract(state): Extract<State>,
    visitor: Visitor,
    Path(provider): Path<String>,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
) -> Response {
    if let Err(error) = state.engine.provider(&provider) {
        return Problem::from(error).into_response();
    }
    let refusal = Refusal::read(returned.error.as_deref());
    let denied = returned.error.is_some();
    let callback = Callback {
        provider: provider.clone(),
        principals: visitor.principals(),
        state: returned.state,
        code: returned.code,
        scope: returned.scope,
        error: returned.error,
    };
    let as_json = accepts(&headers, "application/json");
    let finished = match state.engine.finish(callback).await {
        // A "no" that we cannot match with a beginning still leads a person back to where they can go on.
        Err(engine::Error::State(StateProblem::Unknown)) if denied && !as_json => {
            Ok(Finished::Denied { link_return: None })
        }
        other => other,
    };
    match (finished, as_json) {
        (Ok(finished), true) => as_data(&provider, finished, refusal),
        (Ok(finished), false) => lead_on(&provider, finished, refusal),
        (Err(error), true) => Problem::from(error).into_response(),
        (Err(error), false) => message::about(&visitor, error.into()),
    }
}

fn as_data(provider: &str, finished: Finished, refusal: Refusal) -> Response {
    match finished {
        Finished::Connected { connection } => {
            let provider = provider.to_owned();
            Answer(CallbackAnswer::Active { provider, connection_id: connection }).into_response()
        }
        Finished::NeedsChoice { connection } => {
            let why = format!("confirm connection {connection} to replace the account that is connected");
            ProblemId::AccountConflict.because(why).into_response()
        }
        Finished::Return { url } => {
            let (provider, return_url) = (provider.to_owned(), url.into());
            Answer(CallbackAnswer::Pending { provider, return_url }).into_response()
        }
        Finished::Denied { .. } => refusal.problem().into_response(),
    }
}

fn lead_on(provider: &str, finished: Finished, refusal: Refusal) -> Response {
    let to = match finished {
        Finished::Connected { .. } => format!("/connections?connected={provider}"),
        Finished::NeedsChoice { connection } => format!("/connections/{provider}/replace?connection={connection}"),
        Finished::Return { url } | Finished::Denied { link_return: Some(url) } => url.to_string(),
        Finished::Denied { link_return: None } => format!("/connections?{}={provider}", refusal.word()),
    };
    Redirect::to(&to).into_response()
}

/// What a provider's `error` means (RFC 6749, section 4.1.2.1).
#[derive(Clone, Copy)]
enum Refusal {
    /// The person said no.
    No,
    /// Trouble there that may pass.
    Trouble,
    /// The provider does not take the request, whoever sends it.
    Rejected,
}

impl Refusal {
    fn read(error: Option<&str>) -> Self {
        match error {
            Some("access_denied") | None => Self::No,
            Some("server_error" | "temporarily_unavailable") => Self::Trouble,
            Some(_) => Self::Rejected,
        }
    }

    fn problem(self) -> Problem {
        match self {
            Self::No => ProblemId::AccessDenied.problem(),
            Self::Trouble => ProblemId::ProviderUnavailable.because("the provider reported a problem").retry_in(60),
            Self::Rejected => ProblemId::ProviderRefused.because("the provider reported a problem"),
        }
    }

    /// What the page of connections calls it.
    fn word(self) -> &'static str {
        match self {
            Self::No => "denied",
            Self::Trouble | Self::Rejected => "trouble",
        }
    }
}

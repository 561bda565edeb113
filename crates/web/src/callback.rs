//! The way back from a provider.

use axum::{
    Json as Answer,
    extract::{Path, State as Extract},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use engine::{Callback, Finished, StateProblem};
use model::Secret;
use serde::Deserialize;
use serde_json::json;

use crate::{
    State,
    auth::Visitor,
    extract::{Query, prefers},
    pages::message,
    problem::{Problem, ProblemId},
};

/// What a provider appends (RFC 6749, sections 4.1.2 and 4.1.2.1).
#[derive(Deserialize)]
pub(crate) struct Returned {
    state: Option<Secret>,
    code: Option<Secret>,
    scope: Option<String>,
    error: Option<String>,
}

/// Ends an OAuth round trip. Who asks for JSON gets JSON; everybody else is led on.
pub(crate) async fn finish(
    Extract(state): Extract<State>,
    visitor: Visitor,
    Path(provider): Path<String>,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
) -> Response {
    let denied = returned.error.is_some();
    let callback = Callback {
        provider: provider.clone(),
        principals: visitor.principals(),
        state: returned.state,
        code: returned.code,
        scope: returned.scope,
        error: returned.error,
    };
    let finished = match state.engine.finish(callback).await {
        // A "no" that we cannot match with a beginning still leads back to where the person can go on.
        Err(engine::Error::State(StateProblem::Unknown)) if denied => Ok(Finished::Denied { link_return: None }),
        other => other,
    };
    match (finished, prefers(&headers, "application/json")) {
        (Ok(finished), true) => as_data(&provider, finished),
        (Ok(finished), false) => lead_on(&provider, finished),
        (Err(error), true) => Problem::from(error).into_response(),
        (Err(error), false) => message::about(&visitor, error.into()),
    }
}

fn as_data(provider: &str, finished: Finished) -> Response {
    match finished {
        Finished::Connected { connection } => {
            Answer(json!({ "status": "active", "provider": provider, "connection_id": connection })).into_response()
        }
        Finished::NeedsChoice { connection } => {
            let why = format!("confirm connection {connection} to replace the account that is connected");
            ProblemId::AccountConflict.because(why).into_response()
        }
        Finished::Return { url } => Answer(json!({ "status": "pending", "return_url": url })).into_response(),
        Finished::Denied { .. } => ProblemId::AccessDenied.new().into_response(),
    }
}

fn lead_on(provider: &str, finished: Finished) -> Response {
    let to = match finished {
        Finished::Connected { .. } => format!("/connections?connected={provider}"),
        Finished::NeedsChoice { connection } => format!("/connections/{provider}/replace?connection={connection}"),
        Finished::Return { url } | Finished::Denied { link_return: Some(url) } => url.to_string(),
        Finished::Denied { link_return: None } => format!("/connections?denied={provider}"),
    };
    Redirect::to(&to).into_response()
}

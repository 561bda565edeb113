//! How Oura says that something is wrong: three dialects, as on the real service.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::stand_in::Trouble;

/// `{"status","title","detail"}`: the form of Oura's gateway.
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    (status, Json(json!({ "status": status.as_u16(), "title": title, "detail": detail }))).into_response()
}

/// `{"detail"}`: the form of Oura's data service.
pub(super) fn detail(status: StatusCode, detail: &str) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}

/// An access token that is unknown, expired or revoked.
pub(super) fn bad_token() -> Response {
    problem(StatusCode::UNAUTHORIZED, "The access token is missing, invalid, expired or revoked.")
}

/// Oura: a missing scope is a 401 too, told apart by its words alone.
pub(super) fn missing_scope(scope: &str) -> Response {
    detail(StatusCode::UNAUTHORIZED, &format!("Token is not authorized access {scope} scope."))
}

/// One refused parameter, as the data service lists them.
pub(super) fn invalid(kind: &str, place: &[&str], message: &str, input: &str, context: Option<&str>) -> Value {
    let mut one = json!({ "type": kind, "loc": place, "msg": message, "input": input });
    if let Some(context) = context {
        one["ctx"] = json!({ "error": context });
    }
    one
}

/// One refused part of a body.
pub(super) fn invalid_body(kind: &str, field: &str, message: &str, input: &Value, context: Option<Value>) -> Value {
    let mut one = json!({ "type": kind, "loc": ["body", field], "msg": message, "input": input });
    if let Some(context) = context {
        one["ctx"] = context;
    }
    one
}

/// 422, with every refused parameter.
pub(super) fn unprocessable(refused: Vec<Value>) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": refused }))).into_response()
}

/// 400 of the OAuth endpoints: the standard's `error`, and the gateway's form besides.
pub(super) fn oauth(error: &str, explanation: &str) -> Response {
    let body = json!({ "error": error, "error_description": explanation, "status": 400, "title": "Bad Request", "detail": explanation });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// Oura's answer to trouble, at an instant in epoch seconds.
pub(super) fn trouble(trouble: Trouble, now: i64) -> Response {
    match trouble {
        Trouble::Broken => problem(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side."),
        Trouble::Limited { retry_after, limit, window } => {
            let mut response = problem(StatusCode::TOO_MANY_REQUESTS, "Request rate limit exceeded.");
            let reset = now.unsigned_abs().saturating_add(retry_after);
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
            headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(limit));
            headers.insert(HeaderName::from_static("x-ratelimit-window"), HeaderValue::from(window));
            headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(reset));
            headers.insert(HeaderName::from_static("x-ratelimit-tier"), HeaderValue::from_static("application"));
            response
        }
    }
}

//! Revocation: an application gives its access back.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;

use crate::oura::{Oura, errors, query::Query};

/// `/oauth/revoke?access_token=`, or the same in a form.
pub(in super::super) async fn revoke(
    State(oura): State<Arc<Oura>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    oura.obey();
    let (query, form) = (Query::read(query.as_deref()), Query::read(std::str::from_utf8(&body).ok()));
    let token = query.told("access_token").or_else(|| form.told("access_token"));
    match token {
        None => errors::oauth("invalid_request", "access_token is missing."),
        Some(token) if oura.book.revoke(token, oura.clock.now()) => StatusCode::OK.into_response(),
        Some(_) => errors::bad_token(),
    }
}

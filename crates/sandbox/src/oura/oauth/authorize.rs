//! The authorization endpoint: what an application asks for, and what the person decides.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};

use super::{
    book::Code,
    consent,
    request::{Request, known_scopes},
};
use crate::oura::{Oura, query::Query};

/// `GET /oauth/authorize`: asks the person.
pub(in super::super) async fn ask(State(oura): State<Arc<Oura>>, RawQuery(query): RawQuery) -> Response {
    match Request::read(oura.client.as_ref(), &Query::read(query.as_deref())) {
        Ok(request) => consent::page(&oura, &request),
        Err(refusal) => refusal.answer(),
    }
}

/// `POST /oauth/authorize`: the person has decided.
pub(in super::super) async fn decide(State(oura): State<Arc<Oura>>, body: Bytes) -> Response {
    let form = Query::read(std::str::from_utf8(&body).ok());
    let request = match Request::read(oura.client.as_ref(), &form) {
        Ok(request) => request,
        Err(refusal) => return refusal.answer(),
    };
    if form.get("decision") != Some("allow") {
        return request.back(&[("error", "access_denied"), ("error_description", "The person denied the request.")]);
    }
    let account = form.get("account").and_then(|id| oura.account(id)).unwrap_or(&oura.accounts[0]);
    let scopes: Vec<String> = form.every("scope").flat_map(known_scopes).map(str::to_owned).collect();
    let code = oura.random.secret();
    let granted = scopes.join(" ");
    let what = Code {
        account_id: account.id.clone(),
        scopes,
        redirect_uri: request.redirect_uri.clone(),
        redirect_named: request.redirect_named,
        challenge: request.challenge.clone(),
        issued_at: oura.clock.now().as_millisecond(),
    };
    oura.book.keep(&code, what);
    request.back(&[("code", code.expose()), ("scope", &granted)])
}

//! The page that asks the person.

use std::fmt::Write as _;

use axum::response::Response;
use http::StatusCode;

use super::request::Request;
use crate::{
    html::{self, escape},
    oura::{Oura, collection::SCOPES},
};

/// Shows what is asked for. A plain form, without scripts.
pub(super) fn page(oura: &Oura, request: &Request) -> Response {
    let body = format!(
        "<p class=\"note\">This is the sandbox, not Oura: nobody here is real.</p>\
         <p><strong>{client}</strong> asks to read data from an Oura account.</p>\
         <form method=\"post\">{hidden}\
         <fieldset><legend>Sign in as</legend><select name=\"account\" aria-label=\"Sign in as\">{accounts}</select></fieldset>\
         <fieldset><legend>Allow to read</legend>{scopes}</fieldset>\
         <div class=\"row\"><button type=\"submit\" name=\"decision\" value=\"deny\">Deny</button>\
         <button class=\"main\" type=\"submit\" name=\"decision\" value=\"allow\">Allow</button></div></form>",
        client = escape(&request.client_id),
        hidden = hidden(request),
        accounts = accounts(oura),
        scopes = scopes(request),
    );
    html::page(StatusCode::OK, "Connect your Oura account", &body)
}

/// The request, carried along to the decision.
fn hidden(request: &Request) -> String {
    let redirect_uri = request.redirect_named.then_some(request.redirect_uri.as_str());
    let challenge = request.challenge.as_ref();
    let method = challenge.filter(|challenge| challenge.hashed).map(|_| "S256");
    let carried = [
        ("response_type", Some("code")),
        ("client_id", Some(request.client_id.as_str())),
        ("redirect_uri", redirect_uri),
        ("state", request.state.as_deref()),
        ("code_challenge", challenge.map(|challenge| challenge.text.as_str())),
        ("code_challenge_method", method),
    ];
    let mut fields = String::new();
    for (name, value) in carried.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        let _ = write!(fields, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
    }
    fields
}

fn accounts(oura: &Oura) -> String {
    let mut options = String::new();
    for account in &oura.accounts {
        let _ = write!(options, "<option value=\"{}\">{}</option>", escape(&account.id), escape(&account.name));
    }
    options
}

fn scopes(request: &Request) -> String {
    let mut boxes = String::new();
    for (name, meaning) in SCOPES.iter().filter(|(name, _)| request.scopes.contains(name)) {
        let _ =
            write!(boxes, "<label><input type=\"checkbox\" name=\"scope\" value=\"{name}\" checked> {meaning}</label>");
    }
    boxes
}

//! The token endpoint.

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest};
use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{HeaderMap, header};
use serde_json::json;

use super::book::{ACCESS_LIVES, Challenge, Pair};
use crate::oura::{Oura, errors, query::Query};

/// An error of the token endpoint: the standard's name for it, and a sentence.
struct Refused(&'static str, &'static str);

/// `POST /oauth/token`.
pub(in super::super) async fn exchange(State(oura): State<Arc<Oura>>, headers: HeaderMap, body: Bytes) -> Response {
    oura.obey();
    let form = Query::read(std::str::from_utf8(&body).ok());
    let grant = form.get("grant_type").unwrap_or_default().to_owned();
    let pair = client(&oura, &headers, &form).and_then(|()| match grant.as_str() {
        "authorization_code" => by_code(&oura, &form),
        "refresh_token" => by_refresh(&oura, &form),
        "" => Err(Refused("invalid_request", "grant_type is missing.")),
        _ => Err(Refused("unsupported_grant_type", "This grant_type is not supported.")),
    });
    oura.faults.count(|stats| stats.token_call(known(&grant), pair.is_ok()));
    match pair {
        Ok(pair) => tokens(&pair),
        Err(Refused(error, explanation)) => errors::oauth(error, explanation),
    }
}

fn known(grant: &str) -> &str {
    if matches!(grant, "authorization_code" | "refresh_token") { grant } else { "other" }
}

fn tokens(pair: &Pair) -> Response {
    let told = json!({
        "token_type": "bearer",
        "access_token": pair.access.expose(),
        "refresh_token": pair.refresh.expose(),
        "expires_in": ACCESS_LIVES,
        "scope": pair.scopes.join(" "),
    });
    Json(told).into_response()
}

fn by_code(oura: &Oura, form: &Query) -> Result<Pair, Refused> {
    const DEAD: Refused = Refused("invalid_grant", "The authorization code is invalid, expired or already used.");
    let now = oura.clock.now();
    let code = form.told("code").ok_or(Refused("invalid_request", "code is missing."))?;
    let code = oura.book.take(code, now).ok_or(DEAD)?;
    let named = form.told("redirect_uri");
    if named.is_some_and(|uri| uri != code.redirect_uri) || (code.redirect_named && named.is_none()) {
        return Err(Refused("invalid_grant", "The redirect_uri is not the one that the code was asked for with."));
    }
    if !code.challenge.is_none_or(|challenge| challenge.met_by(form.told("code_verifier"))) {
        return Err(Refused("invalid_grant", "The code_verifier does not match the code_challenge."));
    }
    let grant = format!("{:x}-{}", now.as_millisecond(), URL_SAFE_NO_PAD.encode(oura.random.bytes::<9>()));
    Ok(oura.book.grant(grant, code.account_id, code.scopes, now))
}

fn by_refresh(oura: &Oura, form: &Query) -> Result<Pair, Refused> {
    let token = form.told("refresh_token").ok_or(Refused("invalid_request", "refresh_token is missing."))?;
    let grace = oura.faults.settings().refresh_grace;
    let pair = oura.book.refresh(token, grace, oura.clock.now());
    pair.ok_or(Refused("invalid_grant", "The refresh token is invalid, revoked or already used."))
}

/// Checks who asks: by the body's fields or by HTTP Basic.
fn client(oura: &Oura, headers: &HeaderMap, form: &Query) -> Result<(), Refused> {
    const WRONG: Refused = Refused("invalid_client", "The client_id or client_secret is wrong.");
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| basic(value.to_str().ok()?));
    let (id, secret) = match basic {
        Some(pair) => pair,
        None => (form.told("client_id").ok_or(WRONG)?.to_owned(), form.told("client_secret").ok_or(WRONG)?.to_owned()),
    };
    let app = oura.client.as_ref().filter(|app| app.client_id == id).ok_or(WRONG)?;
    let same = constant_time::verify_slices_are_equal(app.client_secret.expose().as_bytes(), secret.as_bytes());
    same.map_err(|_| WRONG)
}

/// The name and secret of HTTP Basic, each form-encoded before they were joined.
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id), decoded(secret)))
}

fn decoded(text: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

impl Challenge {
    fn met_by(&self, verifier: Option<&str>) -> bool {
        let Some(verifier) = verifier else { return false };
        if !self.hashed {
            return self.text == verifier;
        }
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes())) == self.text
    }
}

//! What an application asks a person for.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use url::Url;

use super::book::Challenge;
use crate::{
    ClientApp, html,
    oura::{collection::SCOPES, query::Query},
};

/// An application's request, found valid.
pub(super) struct Request {
    pub(super) client_id: String,
    /// To the letter, as registered.
    pub(super) redirect_uri: String,
    pub(super) redirect_named: bool,
    pub(super) scopes: Vec<&'static str>,
    pub(super) state: Option<String>,
    pub(super) challenge: Option<Challenge>,
}

/// Why a request goes no further.
pub(super) enum Refusal {
    /// The application cannot be trusted to be called back: the person is told.
    Page(&'static str),
    /// The application is called back with an error.
    Back(Box<Request>, &'static str, &'static str),
}

const UNREGISTERED: Refusal = Refusal::Page("The redirect_uri is not one that the application registered.");

impl Request {
    /// Reads a request of an application.
    pub(super) fn read(client: Option<&ClientApp>, query: &Query) -> Result<Self, Refusal> {
        let client = client.filter(|client| query.get("client_id") == Some(&client.client_id));
        let client = client.ok_or(Refusal::Page("No application is registered with this client_id."))?;
        let named = query.told("redirect_uri");
        let redirect_uri = match (named, client.redirect_uris.as_slice()) {
            (Some(named), registered) => registered.iter().find(|uri| *uri == named),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let request = Self {
            client_id: client.client_id.clone(),
            redirect_uri: redirect_uri.ok_or(UNREGISTERED)?.clone(),
            redirect_named: named.is_some(),
            scopes: asked_scopes(query.told("scope")),
            state: query.get("state").map(str::to_owned),
            challenge: challenge(query),
        };
        match query.get("response_type") {
            Some("code") => Ok(request),
            Some(_) => Err(request.refused("unsupported_response_type", "Only response_type=code is served here.")),
            None => Err(request.refused("invalid_request", "response_type is missing.")),
        }
    }

    fn refused(self, error: &'static str, explanation: &'static str) -> Refusal {
        Refusal::Back(Box::new(self), error, explanation)
    }

    /// Calls the application back.
    pub(super) fn back(&self, pairs: &[(&str, &str)]) -> Response {
        let Ok(mut url) = Url::parse(&self.redirect_uri) else { return UNREGISTERED.answer() };
        let state = self.state.iter().map(|state| ("state", state.as_str()));
        url.query_pairs_mut().extend_pairs(pairs.iter().copied().chain(state));
        (StatusCode::FOUND, [(header::LOCATION, String::from(url))]).into_response()
    }
}

impl Refusal {
    pub(super) fn answer(self) -> Response {
        match self {
            Self::Page(why) => {
                html::page(StatusCode::BAD_REQUEST, "This request cannot be answered", &format!("<p>{why}</p>"))
            }
            Self::Back(request, error, explanation) => {
                request.back(&[("error", error), ("error_description", explanation)])
            }
        }
    }
}

/// Oura: a blank scope asks for all, and unknown names are dropped silently.
fn asked_scopes(scope: Option<&str>) -> Vec<&'static str> {
    match scope.filter(|scope| !scope.trim().is_empty()) {
        Some(scope) => known_scopes(scope).collect(),
        None => SCOPES.iter().map(|(name, _)| *name).collect(),
    }
}

/// The scopes named that there are.
pub(super) fn known_scopes(asked: &str) -> impl Iterator<Item = &'static str> {
    let known = |name: &str| SCOPES.iter().map(|(known, _)| *known).find(|known| *known == name);
    asked.split_whitespace().filter_map(known)
}

fn challenge(query: &Query) -> Option<Challenge> {
    let text = query.told("code_challenge")?.to_owned();
    Some(Challenge { text, hashed: query.get("code_challenge_method") == Some("S256") })
}

//! Who asks for a WebSocket. Browsers cannot set headers there, and let any page ask with a person's cookie.

use axum::{
    extract::{FromRequestParts, ws::WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use url::Url;

use crate::{
    State,
    auth::{Caller, For, RecordsRead, Stay},
    problem::{Problem, ProblemId},
};

/// What is spoken.
pub(super) const PROTOCOL: &str = "afferent.events";
/// A browser shows its token as one more protocol, which is never answered.
const TOKEN_PREFIX: &str = "bearer.";

/// Somebody who may have a WebSocket.
pub(crate) struct Knock {
    pub(super) subject: For<RecordsRead>,
    pub(super) stay: Stay,
    pub(super) upgrade: WebSocketUpgrade,
}

impl FromRequestParts<State> for Knock {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        if let Some(token) = shown(&parts.headers) {
            parts.headers.entry(header::AUTHORIZATION).or_insert(token);
        }
        let subject: For<RecordsRead> = For::from_request_parts(parts, state).await?;
        if matches!(subject.caller, Caller::Session { .. }) {
            check_origin(state, &parts.headers)?;
        }
        let stay = Stay::from_request_parts(parts, state).await?;
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await;
        let upgrade = upgrade.map_err(|refused| ProblemId::Malformed.because(refused.body_text()))?;
        Ok(Self { subject, stay, upgrade })
    }
}

/// The token among the protocols, as a header.
pub(crate) fn shown(headers: &HeaderMap) -> Option<HeaderValue> {
    let lists = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let token =
        lists.flat_map(|list| list.split(',')).find_map(|protocol| protocol.trim().strip_prefix(TOKEN_PREFIX))?;
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A cookie is good only for our own pages and those of origins that are trusted: a browser says whose page asks.
fn check_origin(state: &State, headers: &HeaderMap) -> Result<(), Problem> {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match origin {
        Some(origin) if is_trusted(state, origin, host) => Ok(()),
        _ => Err(ProblemId::CrossSite.problem()),
    }
}

fn is_trusted(state: &State, origin: &str, host: Option<&str>) -> bool {
    let settings = &state.settings;
    let asked = Url::parse(origin).ok().and_then(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}{port}", url.host_str()?))
    });
    origin == settings.public_url.origin().ascii_serialization()
        || settings.cors_origins.iter().any(|trusted| trusted == origin)
        || (asked.is_some() && asked.as_deref() == host)
}

//! Our cookies: opaque, not for scripts, not for other sites.

use axum::http::{HeaderMap, HeaderValue, header};
use model::Secret;

use crate::State;

/// The cookie of a signed-in browser.
pub(crate) const SESSION: &str = "afferent_session";
/// The cookie of a browser that opened a connect link.
pub(crate) const LINK: &str = "afferent_link";

/// The cookies that a request carries.
pub(crate) struct Cookies<'a>(&'a HeaderMap);

impl<'a> Cookies<'a> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        Self(headers)
    }

    /// A cookie of ours, whatever prefix it was set with here.
    pub(crate) fn get(&self, state: &State, name: &str) -> Option<Secret> {
        let wanted = full_name(state, name);
        let headers = self.0.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = headers.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == wanted).map(|(_, value)| Secret::new(value))
    }
}

/// Sets a cookie for so many seconds; 0 deletes it.
pub(crate) fn set(state: &State, name: &str, value: &Secret, seconds: i64) -> HeaderValue {
    let secure = if is_host_only(state, name) { "; Secure" } else { "" };
    let name = full_name(state, name);
    let text = format!("{name}={}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", value.expose());
    let mut header = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

/// A browser keeps `__Host-` cookies to our very host, over encrypted connections (and loopback).
/// Only the session of a server without TLS goes without, so that people can try it at home.
fn is_host_only(state: &State, name: &str) -> bool {
    state.settings.is_secure() || name == LINK
}

fn full_name(state: &State, name: &str) -> String {
    if is_host_only(state, name) { format!("__Host-{name}") } else { name.to_owned() }
}

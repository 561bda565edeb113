//! Keeps other sites' pages from the control routes: a browser lets any page send requests to this machine, and a name
//! that leads here makes their answers readable.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, StatusCode, Uri, header};

static SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets through what comes from this machine's own programs and pages.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    if is_foreign(request.uri(), request.headers()) {
        return (StatusCode::FORBIDDEN, "the control routes are for this machine's own programs\n").into_response();
    }
    next.run(request).await
}

fn is_foreign(uri: &Uri, headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(&header::HOST).or(uri.authority().map(|authority| authority.as_str()));
    let named_otherwise = host.is_some_and(|host| !is_loopback(host));
    let other_site = text(&SITE).is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let other_origin = text(&header::ORIGIN).is_some_and(|origin| origin.strip_prefix("http://") != host);
    named_otherwise || other_site || other_origin
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for own in ["localhost", "localhost:8081", "127.0.0.1", "127.0.0.1:8081", "[::1]:8081", "[::1]"] {
            assert!(is_loopback(own), "{own}");
        }
        for other in ["evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "192.0.2.1:80", "", "?"] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}

//! How often one address may come to the guarded doors: sign-in, auth, callback, tokens, and tests of webhooks.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State as Extract},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter, clock::DefaultClock, middleware::StateInformationMiddleware, state::keyed::DashMapStateStore,
};

use crate::{State, problem::ProblemId};

type Keyed = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Keys beyond this many are forgotten when they are idle.
const MOST_KEYS: usize = 10_000;

/// Counts requests by door and address.
pub(crate) struct Limits {
    per_minute: NonZeroU32,
    limiter: Keyed,
}

impl Limits {
    pub(crate) fn new(per_minute: u32) -> Self {
        let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        let limiter = RateLimiter::keyed(Quota::per_minute(per_minute)).with_middleware();
        Self { per_minute, limiter }
    }
}

/// Lets a request through, or answers 429; says in either case how much is left.
pub(crate) async fn guard(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    let limits = &state.limits;
    if limits.limiter.len() > MOST_KEYS {
        limits.limiter.retain_recent();
    }
    let key = format!("{} {}", door(&request), network(&address(&state, &request)));
    let (mut response, left, reset) = match limits.limiter.check_key(&key) {
        Ok(snapshot) => (next.run(request).await, snapshot.remaining_burst_capacity(), 0),
        Err(refused) => {
            use governor::clock::Clock;
            let wait = refused.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            let seconds = i64::try_from(wait).unwrap_or(60);
            (ProblemId::RateLimited.problem().retry_in(seconds).into_response(), 0, wait)
        }
    };
    tell(response.headers_mut(), limits.per_minute.get(), left, reset);
    response
}

fn tell(headers: &mut HeaderMap, limit: u32, left: u32, reset: u64) {
    let pairs =
        [("ratelimit-limit", u64::from(limit)), ("ratelimit-remaining", left.into()), ("ratelimit-reset", reset)];
    for (name, value) in pairs {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
}

/// The door, not what is named in it: who tries names would have as many tries as there are names.
fn door(request: &Request) -> &str {
    request.extensions().get::<MatchedPath>().map_or(request.uri().path(), MatchedPath::as_str)
}

/// Whoever has an IPv6 address has all of its network, 2^64 of them.
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_none() => {
            let network = address.to_bits() & (u128::MAX << 64);
            format!("{}/64", Ipv6Addr::from_bits(network))
        }
        _ => address.to_owned(),
    }
}

/// The client's address: the last one that a trusted proxy added, else the peer's.
fn address(state: &State, request: &Request) -> String {
    let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let last = forwarded.and_then(|list| list.rsplit(',').next()).map(str::trim);
    match last {
        Some(address) if state.settings.trust_proxy => address.to_owned(),
        _ => request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip().to_string())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_counts_as_one() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_ne!(network("::ffff:192.0.2.1"), network("::ffff:192.0.2.2"));
    }
}

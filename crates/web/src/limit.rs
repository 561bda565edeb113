//! How often one address may come to the guarded doors: sign-in, auth, callback and tokens.

use std::{net::SocketAddr, num::NonZeroU32};

use axum::{
    extract::{ConnectInfo, Request, State as Extract},
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
    let key = format!("{} {}", request.uri().path(), address(&state, &request));
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

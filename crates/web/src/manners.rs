//! What every answer has: a request id, security headers, compression, and problems instead of empty errors.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    extract::{RawPathParams, Request, State as Extract, rejection::RawPathParamsRejection},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next, map_request},
    response::{IntoResponse, Response},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
    csrf::{CsrfLayer, ProtectionError},
    limit::RequestBodyLimitLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::{DefaultOnResponse, OnResponse, TraceLayer},
};
use tracing::{Span, field::Empty};

use crate::{
    State, body,
    extract::accepts,
    metrics,
    pages::message,
    problem::{Problem, ProblemId},
    webhook,
};

const MOST_BYTES: usize = 1024 * 1024;
const LONGEST_ID: usize = 128;
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What other origins' scripts may read of an answer's headers.
const EXPOSED: [&str; 7] = [
    "x-request-id",
    "retry-after",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "idempotency-replayed",
    "x-context-injected",
];

/// Pages are made of our own files alone.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self' FORMS; frame-ancestors 'none'; base-uri 'none'";
/// The browsable API description styles itself inline.
const DOCS_POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Wraps the doors in what every answer has.
pub(crate) fn wrap(routes: Router<State>, state: &State) -> Router<State> {
    let layers = ServiceBuilder::new()
        .layer(map_request(forget_odd_id))
        .layer(SetRequestIdLayer::new(REQUEST_ID.clone(), Name(state.clone())))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_response(note_answer))
        .layer(middleware::from_fn(metrics::count))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID.clone()))
        .layer(middleware::from_fn_with_state(state.clone(), guard))
        .layer(CompressionLayer::new())
        .layer(cors(state))
        .layer(CatchPanicLayer::custom(|_| ProblemId::Internal.problem().into_response()))
        .layer(middleware::from_fn(find))
        .layer(middleware::from_fn_with_state(state.clone(), body::bound))
        .layer(RequestBodyLimitLayer::new(MOST_BYTES))
        .layer(csrf(state).with_rejection_response(cross_site as fn(ProtectionError) -> Response));
    routes.fallback(missing).method_not_allowed_fallback(not_allowed).layer(layers)
}

/// Logs and traces name the route, never what a path names or a query holds: people, secrets of links, codes.
fn span(request: &Request<Body>) -> Span {
    let (method, route) = (metrics::known(request.method()), metrics::route(request));
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    tracing::info_span!("request", method, route, id, status = Empty)
}

fn note_answer(response: &Response, latency: Duration, span: &Span) {
    span.record("status", response.status().as_u16());
    DefaultOnResponse::new().on_response(response, latency, span);
}

/// A name that a client chose is written to the log: a short word, nothing else.
async fn forget_odd_id(mut request: Request) -> Request {
    let is_odd = |id: &HeaderValue| {
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
        id.is_empty() || id.len() > LONGEST_ID || !id.as_bytes().iter().all(part)
    };
    if request.headers().get(&REQUEST_ID).is_some_and(is_odd) {
        request.headers_mut().remove(&REQUEST_ID);
    }
    request
}

/// Names requests that come without a name.
#[derive(Clone)]
struct Name(State);

impl MakeRequestId for Name {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        let id: uuid::Uuid = self.0.engine.new_id();
        HeaderValue::from_str(&id.to_string()).ok().map(RequestId::new)
    }
}

/// Another site's page cannot act with a person's cookie: browsers say where a request comes from. Where a signature
/// alone counts there is nothing to ride on.
fn csrf(state: &State) -> CsrfLayer {
    let public = state.settings.public_url.origin().ascii_serialization();
    let origins = state.settings.cors_origins.iter().chain([&public]);
    let layer = CsrfLayer::new().with_insecure_bypass(webhook::is_door);
    origins.fold(layer, |layer, origin| layer.clone().add_trusted_origin(origin).unwrap_or(layer))
}

fn cross_site(_: ProtectionError) -> Response {
    ProblemId::CrossSite.problem().into_response()
}

fn cors(state: &State) -> CorsLayer {
    let origins = state.settings.cors_origins.iter().filter_map(|origin| origin.parse().ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers(EXPOSED.map(HeaderName::from_static))
}

/// Sets the security headers, says when to try again, and turns a problem into a page for people.
async fn guard(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    let wants_page = accepts(request.headers(), "text/html");
    let is_docs = request.uri().path().starts_with("/docs");
    let id = request.headers().get(&REQUEST_ID).cloned();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        if wants_page {
            response = message::instead_of(response, &problem, id.as_ref().and_then(|id| id.to_str().ok()));
        }
        if let Some(seconds) = problem.retry_after(state.engine.clock().now()) {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
    }
    let policy = if is_docs { DOCS_POLICY.to_owned() } else { page_policy(&state, None) };
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    if state.settings.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A form may lead on to where a provider signs people in and, where a page says so, to one more origin.
pub(crate) fn page_policy(state: &State, further: Option<&str>) -> String {
    let forms: Vec<_> = state.engine.authorize_origins().into_iter().chain(further.map(str::to_owned)).collect();
    PAGE_POLICY.replace("FORMS", &forms.join(" "))
}

/// Nothing is named by what is no text.
async fn find(
    names: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    match names {
        Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => Err(ProblemId::NotFound.problem()),
        _ => Ok(next.run(request).await),
    }
}

async fn missing() -> Problem {
    ProblemId::NotFound.problem()
}

async fn not_allowed() -> (StatusCode, Problem) {
    (StatusCode::METHOD_NOT_ALLOWED, ProblemId::MethodNotAllowed.problem())
}

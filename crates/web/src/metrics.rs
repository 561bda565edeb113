//! `/metrics`, as Prometheus reads it, and the counting of requests.

use std::{sync::OnceLock, time::Duration, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State as Extract},
    http::{HeaderName, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics::{
    Unit::{Count, Seconds},
    counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram, with_local_recorder,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use model::Clock;

use crate::{
    State,
    auth::{MetricsRead, Staff},
    declared::Problems,
};

const REQUESTS: &str = "http_requests_total";
const REQUEST_SECONDS: &str = "http_request_duration_seconds";
const START: &str = "process_start_time_seconds";

/// For what people wait for: from a millisecond to what nobody waits for any more.
const SHORT: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// For what is done behind people's backs: up to an hour.
const LONG: &[f64] = &[0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

/// Samples wait in memory until somebody collects them; nobody may ever scrape.
const COLLECT_EVERY: Duration = Duration::from_secs(5);

/// What this process has counted. The libraries that count know one place for all of a process, and so do we.
static COUNTED: OnceLock<PrometheusHandle> = OnceLock::new();

/// Begins to count, unless this process does already.
pub(crate) fn begin(state: &State) {
    COUNTED.get_or_init(|| {
        let recorder = recorder().build_recorder();
        let handle = recorder.handle();
        // Where another recorder is at work already, there is nothing to show.
        let _ = metrics::set_global_recorder(recorder);
        handle
    });
    describe_counter!(REQUESTS, Count, "Requests that were answered, by route.");
    describe_histogram!(REQUEST_SECONDS, Seconds, "How long it took until an answer began, by route.");
    describe_gauge!(START, Seconds, "When this process began, in seconds since 1970.");
    gauge!(START).set(seconds(state.engine.clock()));
    state.engine.begin_measuring();
}

/// Collects samples for as long as it is polled.
pub async fn collect(clock: Clock) {
    loop {
        clock.sleep(COLLECT_EVERY).await;
        COUNTED.get().inspect(|counted| counted.run_upkeep());
    }
}

fn recorder() -> PrometheusBuilder {
    let names = [(Matcher::Suffix("duration_seconds".into()), SHORT), (Matcher::Suffix("lag_seconds".into()), LONG)];
    let set = |builder: PrometheusBuilder, (name, buckets): (Matcher, &[f64])| {
        // Only an empty list is refused.
        builder.set_buckets_for_metric(name, buckets).unwrap_or_default()
    };
    names.into_iter().fold(PrometheusBuilder::new(), set)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 stay far below 2^53")]
fn seconds(clock: &Clock) -> f64 {
    clock.now().as_millisecond() as f64 / 1000.0
}

/// Counts a request by its route: what is named in a path is nobody's business here.
pub(crate) async fn count(request: Request, next: Next) -> Response {
    let method = known(request.method());
    let route = route(&request).to_owned();
    let begun = Instant::now();
    let response = next.run(request).await;
    let labels = [("method", method.to_owned()), ("route", route), ("status", response.status().as_str().to_owned())];
    counter!(REQUESTS, &labels).increment(1);
    histogram!(REQUEST_SECONDS, &labels).record(begun.elapsed());
    response
}

/// The route that a request takes, without what is named in it.
pub(crate) fn route<B>(request: &axum::http::Request<B>) -> &str {
    request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str)
}

/// A client may call its method what it likes.
pub(crate) fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// What this process has counted and what a look around finds, in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", operation_id = "read_metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain", description = "For an administrator, or a service token with `metrics:read`"), Problems))]
pub(crate) async fn show(Extract(state): Extract<State>, _staff: Staff<MetricsRead>) -> impl IntoResponse {
    let counted = COUNTED.get().map(PrometheusHandle::render).unwrap_or_default();
    let seen = state.engine.look_around().await;
    // In a recorder of its own: a queue that has emptied is not shown at all, rather than as it was.
    let gauges = recorder().build_recorder();
    with_local_recorder(&gauges, || seen.show());
    let format: (HeaderName, &str) = (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    ([format], counted + &gauges.handle().render())
}

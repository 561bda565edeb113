//! Traces go to an OpenTelemetry collector: the spans of our own rooms, without the log lines in them.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::Context;
use opentelemetry::{
    Key,
    trace::{SpanKind, TracerProvider},
};
use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{Layer, filter::LevelFilter, registry::LookupSpan};
use url::Url;

use super::every_time;

const NAME: &str = "afferent";
/// Whoever runs us may name us otherwise; the library says so when nobody did.
const UNNAMED: &str = "unknown_service";
/// Our rooms, as `tracing` knows them.
const ROOMS: [&str; 5] = ["afferent", "engine", "providers", "sinks", "web"];
/// A collector that is away must not hold up the end of a run.
const LAST_CALL: Duration = Duration::from_secs(1);

/// Traces that are under way; nothing where nobody collects them.
#[derive(Default)]
pub(crate) struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Sends traces to a collector from now on.
    pub(super) fn to(collector: &Url) -> anyhow::Result<Self> {
        // OTLP over HTTP has a path for each signal.
        let address = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
        // Its client blocks, and must neither be made nor dropped where futures run.
        let made = thread::spawn(move || OtlpExporter::builder().with_http().with_endpoint(address).build());
        let exporter = made.join().map_err(|_| anyhow::anyhow!("no exporter of traces"))?;
        let exporter =
            Telling { inner: exporter.context("OTEL_EXPORTER_OTLP_ENDPOINT")?, failing: AtomicBool::new(false) };
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource());
        Ok(Self(Some(provider.build())))
    }

    /// What hears of spans.
    pub(super) fn layer<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let tracer = self.0.as_ref()?.tracer(NAME);
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        let plain = layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_target(false);
        Some(plain.with_level(false).with_filter(every_time(LevelFilter::INFO, is_ours)))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        let Some(provider) = self.0.take() else { return };
        let _ = thread::spawn(move || provider.shutdown_with_timeout(LAST_CALL)).join();
    }
}

/// Libraries' spans and all log lines stay out: they tell what nobody has looked through for it.
fn is_ours(told: &Metadata<'_>) -> bool {
    let room = told.target().split("::").next().unwrap_or_default();
    told.is_span() && *told.level() <= Level::INFO && ROOMS.contains(&room)
}

fn resource() -> Resource {
    let said = Resource::builder().build();
    let name = said.get(&Key::from_static_str("service.name")).map(|name| name.to_string()).unwrap_or_default();
    if name.starts_with(UNNAMED) { Resource::builder().with_service_name(NAME).build() } else { said }
}

/// Sends spans under the names that people look for, and says when nobody takes them.
#[derive(Debug)]
struct Telling {
    inner: OtlpExporter,
    failing: AtomicBool,
}

impl SpanExporter for Telling {
    async fn export(&self, mut spans: Vec<SpanData>) -> OTelSdkResult {
        spans.iter_mut().for_each(rename);
        let sent = self.inner.export(spans).await;
        if sent.is_err() && !self.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!("the collector does not take traces");
        } else if sent.is_ok() {
            self.failing.store(false, Ordering::Relaxed);
        }
        sent
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// A collector lists spans by name: what distinguishes them belongs there.
fn rename(span: &mut SpanData) {
    let (kind, telling): (_, &[&str]) = match span.name.as_ref() {
        "request" => (SpanKind::Server, &["method", "route"]),
        "call" => (SpanKind::Client, &["method", "host"]),
        "job" => (SpanKind::Internal, &["job.type"]),
        _ => return,
    };
    let value = |name: &&str| span.attributes.iter().find(|it| it.key.as_str() == *name);
    let words: Vec<_> = telling.iter().filter_map(value).map(|it| it.value.to_string()).collect();
    let before = if kind == SpanKind::Internal { "job " } else { "" };
    span.name = format!("{before}{}", words.join(" ")).into();
    span.span_kind = kind;
}

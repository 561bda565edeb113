//! What is told of a run: log lines always, traces where somebody collects them. Metrics are a door of `web`.

mod lines;
mod traces;

use std::io::{IsTerminal, stderr};

use tracing::{Metadata, Subscriber};
use tracing_subscriber::{
    filter::{DynFilterFn, LevelFilter, dynamic_filter_fn},
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};
use url::Url;

pub(crate) use self::traces::Traces;

/// What is to be told, and where.
pub(crate) struct Telemetry<'a> {
    /// Which log lines are written.
    pub(crate) filter: &'a str,
    /// As JSON instead of text.
    pub(crate) json: bool,
    /// Who collects traces.
    pub(crate) collector: Option<&'a Url>,
}

impl<'a> Telemetry<'a> {
    /// Log lines as text, and nothing else.
    pub(crate) fn lines(filter: &'a str) -> Self {
        Self { filter, json: false, collector: None }
    }

    /// Begins. What is still on its way to the collector is sent when the answer is dropped.
    pub(crate) fn begin(&self) -> anyhow::Result<Traces> {
        let lines = lines::layer(self.filter, self.json, stderr().is_terminal(), stderr)?;
        let traces = self.collector.map(Traces::to).transpose()?.unwrap_or_default();
        let subscriber = tracing_subscriber::registry().with(lines).with(traces.layer());
        // In a process that tells already, nothing changes.
        let _ = subscriber.try_init();
        Ok(traces)
    }
}

/// A filter that is asked every time. What it said the last time is kept for each thread, and libraries that only ask
/// whether a line would be written (sqlx, before every statement) would leave their answer there for whoever comes next.
fn every_time<S>(
    most: LevelFilter,
    lets_through: fn(&Metadata<'_>) -> bool,
) -> DynFilterFn<S, impl Fn(&Metadata<'_>, &Context<'_, S>) -> bool>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    dynamic_filter_fn(move |told: &Metadata<'_>, _: &Context<'_, S>| lets_through(told)).with_max_level_hint(most)
}

//! Log lines go to standard error, as text or as JSON.

use anyhow::Context;
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, LevelFilter},
    fmt::{self, MakeWriter},
};

use super::every_time;

/// Writes what the filter lets through, in the form wanted.
pub(super) fn layer<W>(filter: &str, json: bool, colours: bool, to: W) -> anyhow::Result<impl Layer<Registry> + use<W>>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).context("LOG cannot be read")?;
    let filter = filter.and(every_time(LevelFilter::TRACE, tells_no_path));
    let lines = fmt::layer::<Registry>().with_ansi(colours).with_writer(to);
    let lines = if json { lines.json().boxed() } else { lines.boxed() };
    Ok(lines.with_filter(filter))
}

/// At `trace` this module of the web framework writes whole paths, and the path of a connect link is a secret.
fn tells_no_path(line: &Metadata<'_>) -> bool {
    *line.level() != Level::TRACE || !line.target().starts_with("tower_http::csrf")
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::layer::SubscriberExt;
    use url::Url;

    use super::*;
    use crate::telemetry::Traces;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn said(filter: &str, json: bool) -> String {
        let paper = Paper::default();
        let to = paper.clone();
        let layer = layer(filter, json, false, move || to.clone()).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::debug!(target: "tower_http::csrf", "trusted");
            tracing::trace!(target: "tower_http::csrf", "/link/secret");
            tracing::trace!("everything else");
            tracing::info!("begun");
        });
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn the_filter_alone_says_how_much_is_told() {
        let usual = said("info,tower_http=warn", false);
        assert!(usual.contains("begun") && !usual.contains("trusted"), "{usual}");
        assert!(said("warn,tower_http=debug", false).contains("trusted"));
        assert_eq!(said("off", true), "");
    }

    #[test]
    fn no_filter_lets_the_paths_of_links_through() {
        for filter in ["trace", "tower_http::csrf=trace,trace"] {
            for json in [true, false] {
                let all = said(filter, json);
                assert!(all.contains("everything else") && !all.contains("/link/secret"), "{filter}: {all}");
            }
        }
    }

    #[test]
    fn nobody_who_merely_asks_whether_they_would_be_heard_silences_the_next() {
        for collector in [None, Url::parse("http://127.0.0.1:1").ok()] {
            let paper = Paper::default();
            let to = paper.clone();
            let lines = layer("info,sqlx=warn", false, false, move || to.clone()).unwrap();
            let traces = collector.as_ref().map(Traces::to).transpose().unwrap().unwrap_or_default();
            let subscriber = tracing_subscriber::registry().with(lines).with(traces.layer());
            tracing::subscriber::with_default(subscriber, || {
                tracing::info!("before");
                assert!(!tracing::enabled!(target: "sqlx::query", Level::DEBUG));
                tracing::info_span!("after").in_scope(|| tracing::info!("all"));
            });
            let said = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
            assert!(said.contains("before") && said.contains("after") && said.contains("all"), "{said}");
        }
    }

    #[test]
    fn an_odd_filter_is_named() {
        assert!(layer("info=loud", false, false, std::io::sink).err().unwrap().to_string().contains("LOG"));
    }
}

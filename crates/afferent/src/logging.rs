//! Log lines go to standard error, as text or as JSON.

use std::io::{IsTerminal, stderr};

use anyhow::Context;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, filter_fn},
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Begins logging: what the filter lets through, in the form wanted.
pub(crate) fn begin(filter: &str, json: bool) -> anyhow::Result<()> {
    let _ = lines(filter, json, stderr().is_terminal(), stderr)?.try_init();
    Ok(())
}

fn lines<W>(filter: &str, json: bool, colours: bool, to: W) -> anyhow::Result<impl Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).context("LOG cannot be read")?;
    let lines = fmt::layer::<Registry>().with_ansi(colours).with_writer(to);
    let lines = if json { lines.json().boxed() } else { lines.boxed() };
    Ok(tracing_subscriber::registry().with(lines.with_filter(filter.and(filter_fn(tells_no_path)))))
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

    use super::*;

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
        let subscriber = lines(filter, json, false, move || to.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
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
    fn an_odd_filter_is_named() {
        assert!(lines("info=loud", false, false, std::io::sink).err().unwrap().to_string().contains("LOG"));
    }
}

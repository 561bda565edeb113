//! Log lines go to standard error, as text or as JSON.

use tracing_subscriber::EnvFilter;

/// Begins logging: what the filter lets through, in the form wanted.
pub(crate) fn begin(filter: &str, json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        let _ = lines.json().try_init();
    } else {
        let _ = lines.try_init();
    }
}

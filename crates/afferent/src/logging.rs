//! Log lines go to standard error, as text or as JSON.

use std::io::{IsTerminal, stderr};

use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// Begins logging: what the filter lets through, in the form wanted.
pub(crate) fn begin(filter: &str, json: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).context("LOG cannot be read")?;
    // At `trace` it writes whole paths, and the path of a connect link is a secret.
    let quiet = "tower_http::csrf=debug".parse().ok();
    let filter = quiet.into_iter().fold(filter, EnvFilter::add_directive);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(stderr().is_terminal());
    if json {
        let _ = lines.json().try_init();
    } else {
        let _ = lines.try_init();
    }
    Ok(())
}

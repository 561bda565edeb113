//! Afferent: carries what people's devices and accounts sense to the apps and agents that act on it.

mod cli;
mod commands;
mod config;
mod house;
mod server;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // Must come first: with more than one TLS provider in the graph, rustls refuses to choose.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    server::open_more_files();
    let cli = cli::Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("afferent: {}", explain(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes, each said once: some errors repeat their cause in their own words.
fn explain(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.as_str() {
        "" => cause,
        known if known.contains(&cause) => said,
        _ => format!("{said}: {cause}"),
    })
}

fn run(cli: cli::Cli) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(commands::run(cli));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    code
}

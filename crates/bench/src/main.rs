//! Measures the server as it is released, on the machine that it runs on: `cargo xtask bench`.

mod delivery;
mod latency;
mod load;
mod machine;
mod perf;
mod program;
mod readers;
mod report;
mod scene;
mod stages;
mod wire;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

use crate::report::Report;

/// Measures the server.
#[derive(Parser)]
struct Options {
    /// Short and small: to see that it works, not how fast it is.
    #[arg(long)]
    quick: bool,
    /// Only these stages; may be repeated.
    #[arg(long, value_enum)]
    only: Vec<stages::Stage>,
    /// Where the results and what perf records are put.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Let perf watch the server while it is under load.
    #[arg(long)]
    perf: bool,
}

/// One thread makes the load, so that it leaves to the server as much of the machine as it can.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> anyhow::Result<()> {
    let mut report = Report::new(machine::describe(&options.out)?);
    let measured = stages::run(options, &mut report).await;
    // What was measured before something went wrong is worth keeping.
    report.write(&options.out, options.name())?;
    measured
}

impl Options {
    /// What the results are called: those of the whole are not overwritten by those of a part.
    fn name(&self) -> &'static str {
        match (self.quick, self.only.is_empty()) {
            (true, _) => "quick",
            (false, false) => "part",
            (false, true) => "results",
        }
    }
}

//! `cargo xtask test`: installs what the suites need, starts it, runs everything, stops it.

mod browser;
mod cargo;
mod install;
pub(crate) mod postgres;
mod python;
mod tally;

use std::{path::Path, process::ExitCode, time::Instant};

use self::{postgres::Postgres, tally::Tally};
use crate::{
    generated,
    program::{program, run as run_program},
    tidy,
    workspace::Metadata,
};

/// How much to test.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Also the rounds that take long.
    #[arg(long)]
    long: bool,
    /// Only the rules and the tests that need no other program, on SQLite.
    #[arg(long, conflicts_with = "long")]
    fast: bool,
}

/// Runs the stages up to the first that fails. The last line says how many tests passed.
pub(crate) fn run(root: &Path, options: &Options) -> ExitCode {
    let mut tally = Tally::default();
    let outcome = if options.fast { fast(root, &mut tally) } else { whole(root, options, &mut tally) };
    if let Err(error) = &outcome {
        println!("\nstopped: {error:#}\n");
    }
    println!("{tally}");
    if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fast(root: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    stage("the rules of the house", || tidy::run(root))?;
    stage("tests on SQLite", || cargo::test(root, None, false, tally))
}

fn whole(root: &Path, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    let target = Metadata::load(root)?.target_directory;
    let tools = stage("install what is missing", || install::all(root, &target))?;
    stage("format", || run_program(program("cargo fmt --all --check").current_dir(root)))?;
    stage("lints", || {
        let clippy = "cargo clippy --quiet --workspace --all-targets -- -D warnings";
        run_program(program(clippy).current_dir(root))
    })?;
    stage("the rules of the house", || tidy::run(root))?;
    stage("tests on SQLite and PostgreSQL", || {
        let postgres = Postgres::start()?;
        cargo::test(root, Some(&postgres), options.long, tally)
    })?;
    stage("generated documents", || generated::check(root))?;
    stage("the description of the API", || python::test(root, &target, &tools, python::OPENAPI, tally))?;
    stage("a receiver of webhooks", || python::test(root, &target, &tools, python::WEBHOOKS, tally))?;
    stage("the browser story", || browser::test(root, &target, &tools, tally))
}

/// Runs a stage under its heading, and says how long it took.
fn stage<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("\n=== {name}");
    let begun = Instant::now();
    let done = work()?;
    println!("=== {name}: {:.1} s", begun.elapsed().as_secs_f32());
    Ok(done)
}

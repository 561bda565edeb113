//! The chores of the project: `cargo xtask test`, `fuzz`, `bench`, `tidy`, `registry`, `generate`.
#![expect(clippy::print_stdout, reason = "a command line tool speaks on its standard output")]

mod bench;
mod fuzz;
mod generated;
mod program;
mod registry;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what the suites need, start it, run everything.
    Test(test::Options),
    /// Build the server as it is released, and measure it.
    Bench(bench::Options),
    /// Throw what nobody expects at every parser that faces the outside.
    Fuzz(fuzz::Options),
    /// Check the rules of the house that no compiler checks.
    Tidy,
    /// Write the indexes of providers from their folders.
    Registry,
    /// Write every generated document anew.
    Generate,
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> anyhow::Result<ExitCode> {
    let root = workspace::root()?;
    match chore {
        Chore::Test(options) => return Ok(test::run(&root, &options)),
        Chore::Bench(options) => bench::run(&root, &options)?,
        Chore::Fuzz(options) => fuzz::run(&root, &options)?,
        Chore::Tidy => tidy::run(&root)?,
        Chore::Registry => registry::write(&root)?,
        Chore::Generate => generated::write(&root)?,
    }
    Ok(ExitCode::SUCCESS)
}

//! The chores of the project: `cargo xtask test`, `tidy`, `registry`, `generate`.
#![expect(clippy::print_stdout, reason = "a command line tool speaks on its standard output")]

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
        Chore::Tidy => tidy::run(&root)?,
        Chore::Registry => registry::write(&root)?,
        Chore::Generate => generated::write(&root)?,
    }
    Ok(ExitCode::SUCCESS)
}

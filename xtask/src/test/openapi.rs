//! The description of the API, held against what the program answers.

use std::{path::Path, process::Command};

use super::{install::Tools, tally::Tally};
use crate::program::{program, run};

/// What compares them, and what that needs.
pub(super) const FOLDER: &str = "crates/afferent/tests/openapi";

/// Builds the program and lets Schemathesis use it as described. It starts and stops its own servers.
pub(super) fn test(root: &Path, target: &Path, tools: &Tools, tally: &mut Tally) -> anyhow::Result<()> {
    run(program("cargo build --quiet --package afferent").current_dir(root))?;
    let mut comparison = Command::new(&tools.python);
    comparison.arg(root.join(FOLDER).join("run.py"));
    comparison.env("AFFERENT", target.join("debug/afferent")).env("REPORTS", target.join("openapi"));
    tally.run(&mut comparison)
}

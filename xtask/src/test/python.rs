//! Other people's Python programs, held against ours: a folder each, with what it needs and a `run.py`.

use std::{path::Path, process::Command};

use super::{install::Tools, tally::Tally};
use crate::program::{program, run};

/// Compares the description of the API with what the program answers.
pub(super) const OPENAPI: &str = "crates/afferent/tests/openapi";
/// Verifies outgoing webhooks as a receiver does.
pub(super) const WEBHOOKS: &str = "crates/afferent/tests/webhooks";
/// All of them.
pub(super) const FOLDERS: [&str; 2] = [OPENAPI, WEBHOOKS];

/// Builds the program and lets a folder's use it. It starts and stops its own servers.
pub(super) fn test(root: &Path, target: &Path, tools: &Tools, folder: &str, tally: &mut Tally) -> anyhow::Result<()> {
    run(program("cargo build --quiet --package afferent").current_dir(root))?;
    let mut story = Command::new(&tools.python);
    story.arg(root.join(folder).join("run.py"));
    story.env("AFFERENT", target.join("debug/afferent")).env("REPORTS", target.join("openapi"));
    tally.run(&mut story)
}

//! The newcomer's story, told by a real browser.

use std::{path::Path, process::Command};

use super::{install::Tools, tally::Tally};
use crate::program::{program, run};

/// Where the story is written.
pub(super) const FOLDER: &str = "crates/afferent/tests/browser";

/// Builds the program and lets the browser use it. The story starts and stops its own servers.
pub(super) fn test(root: &Path, target: &Path, tools: &Tools, tally: &mut Tally) -> anyhow::Result<()> {
    run(program("cargo build --quiet --package afferent").current_dir(root))?;
    let mut story = Command::new(&tools.node);
    story.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).current_dir(root.join(FOLDER));
    story.env("AFFERENT", target.join("debug/afferent")).env("CHROMIUM", &tools.chromium);
    story.env("PICTURES", target.join("browser"));
    tally.run(&mut story)
}

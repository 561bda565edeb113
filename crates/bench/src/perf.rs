//! Lets perf watch a process while it is under load.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::Context;

use crate::program::Program;

/// Perf at work; it writes down what it saw when dropped.
pub(crate) struct Perf(Option<Child>);

impl Perf {
    /// Watches a process, if there is a folder for what is seen.
    pub(crate) fn watch(folder: Option<&Path>, program: &Program, name: &str) -> anyhow::Result<Self> {
        let Some(folder) = folder else { return Ok(Self(None)) };
        let file = folder.join(format!("{}.perf", name.replace(' ', "-")));
        let mut perf = Command::new("perf");
        perf.args(["record", "--freq", "499", "--call-graph", "fp", "--pid", &program.id().to_string(), "--output"]);
        perf.arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(Some(perf.spawn().context("perf does not start")?)))
    }
}

impl Drop for Perf {
    fn drop(&mut self) {
        if let Some(perf) = &mut self.0 {
            let _ = Command::new("kill").args(["-INT", &perf.id().to_string()]).status();
            let _ = perf.wait();
        }
    }
}

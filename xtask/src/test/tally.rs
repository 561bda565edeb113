//! How many tests passed and failed, summed from what their runners say.

use std::{
    fmt,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

/// A count of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    /// Runs a test runner, shows what it says line by line, and counts.
    pub(super) fn run(&mut self, runner: &mut Command) -> anyhow::Result<()> {
        let mut child = runner.stdout(Stdio::piped()).spawn().context("the tests do not start")?;
        let output = child.stdout.take().context("the tests cannot be heard")?;
        let before = *self;
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            self.count(&line);
        }
        let status = child.wait()?;
        if status.success() {
            return Ok(());
        }
        match self.failed - before.failed {
            0 => bail!("the tests did not run to their end: {status}"),
            1 => bail!("a test failed"),
            many => bail!("{many} tests failed"),
        }
    }

    /// Reads the summaries of cargo (`test result: ok. 3 passed; 0 failed; …`) and of node (`ℹ pass 3`).
    fn count(&mut self, line: &str) {
        if let Some(summary) = line.strip_prefix("test result: ") {
            self.passed += before(summary, " passed");
            self.failed += before(summary, " failed");
        } else if let Some(summary) = line.strip_prefix("ℹ ") {
            self.passed += after(summary, "pass ");
            self.failed += after(summary, "fail ");
        }
    }
}

fn before(text: &str, word: &str) -> u64 {
    let counted = text.split(word).next().and_then(|head| head.rsplit(' ').next());
    counted.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

fn after(text: &str, word: &str) -> u64 {
    text.strip_prefix(word).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_are_counted() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
            "test a::b ... ok",
            "ℹ tests 5",
            "ℹ pass 4",
            "ℹ fail 1",
        ] {
            tally.count(line);
        }
        assert_eq!(tally.to_string(), "19 passed, 3 failed");
    }

    #[test]
    fn a_runner_that_fails_without_a_count_is_a_failure() {
        assert!(Tally::default().run(&mut Command::new("false")).is_err());
        assert!(Tally::default().run(&mut Command::new("true")).is_ok());
    }
}

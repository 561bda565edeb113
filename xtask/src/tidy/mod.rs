//! The rules of the house that no compiler checks, as code.

mod documents;
mod files;
mod floors;
mod folders;
mod names;
mod words;

use std::{fmt, path::Path};

use anyhow::bail;

use crate::workspace::Workspace;

/// What a rule has found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: Option<usize>,
    what: String,
}

impl Finding {
    fn of_file(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), line: None, what: what.into() }
    }

    fn of_line(path: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.into(), line: Some(line), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

/// A rule, its name and whether breaking it fails the check.
struct Rule {
    name: &'static str,
    strict: bool,
    check: fn(&Workspace) -> Vec<Finding>,
}

const fn rule(name: &'static str, check: fn(&Workspace) -> Vec<Finding>) -> Rule {
    Rule { name, strict: true, check }
}

const RULES: [Rule; 12] = [
    rule("arrows between crates point down", floors::arrows),
    rule("a power is used in its own room", floors::powers),
    rule("every file begins by saying what it is", files::first_line),
    rule("files are short", files::too_long),
    Rule { name: "files are shorter still", strict: false, check: files::long },
    rule("no provider is named outside its folders", names::named_outside),
    rule("provider folders are complete", folders::complete),
    rule("the indexes of providers are fresh", folders::registry),
    rule("nothing is left half done", words::half_done),
    rule("no path of one machine", words::machine_paths),
    rule("decisions are numbered without gaps", documents::decisions),
    rule("the documents that everybody looks for exist", documents::expected),
];

/// Checks every rule and says what breaks one.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let workspace = Workspace::load(root)?;
    let mut broken = 0;
    for rule in &RULES {
        let findings = (rule.check)(&workspace);
        report(rule, &findings);
        broken += usize::from(rule.strict && !findings.is_empty());
    }
    if broken > 0 {
        bail!("{broken} of {} rules broken", RULES.len());
    }
    println!("{} rules kept in {} files", RULES.len(), workspace.files.len());
    Ok(())
}

fn report(rule: &Rule, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    println!("{}: {}", if rule.strict { "broken" } else { "warning" }, rule.name);
    for finding in findings {
        println!("  {finding}");
    }
}

//! Documents have their places.

use std::collections::BTreeSet;

use super::Finding;
use crate::workspace::Workspace;

const EXPECTED: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"];
const DECISIONS: &str = "docs/decisions/";

/// Finds which documents are missing.
pub(super) fn expected(workspace: &Workspace) -> Vec<Finding> {
    let missing = EXPECTED.iter().filter(|path| workspace.file(path).is_none());
    missing.map(|path| Finding::of_file(*path, "does not exist")).collect()
}

/// Finds decisions that are misnamed, share a number or leave one out.
pub(super) fn decisions(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers = BTreeSet::new();
    let names = workspace.files.iter().filter_map(|file| file.path.strip_prefix(DECISIONS));
    for name in names {
        let wrong = match number(name) {
            None => Some("is not named NNNN-some-words.md"),
            Some(number) => (!numbers.insert(number)).then_some("has a number that another has"),
        };
        findings.extend(wrong.map(|what| Finding::of_file(format!("{DECISIONS}{name}"), what)));
    }
    let last = numbers.last().copied().unwrap_or_default();
    let gaps = (1..=last).filter(|number| !numbers.contains(number));
    findings.extend(gaps.map(|number| Finding::of_file(DECISIONS, format!("lacks {number:04}"))));
    findings
}

fn number(name: &str) -> Option<u32> {
    let (digits, title) = name.strip_suffix(".md")?.split_once('-')?;
    let four = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit());
    if four && !title.is_empty() { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> usize {
        let paths: Vec<_> = names.iter().map(|name| format!("{DECISIONS}{name}")).collect();
        let files: Vec<_> = paths.iter().map(|path| (path.as_str(), "")).collect();
        decisions(&Workspace::of(&files)).len()
    }

    #[test]
    fn decisions_count_from_one_without_gaps() {
        assert_eq!(found(&[]), 0);
        assert_eq!(found(&["0001-one.md", "0002-two.md"]), 0);
        assert_eq!(found(&["0001-one.md", "0003-three.md"]), 1);
        assert_eq!(found(&["0001-one.md", "0001-uno.md"]), 1);
        assert_eq!(found(&["0001-one.md", "two.md"]), 1);
    }

    #[test]
    fn a_missing_readme_is_found() {
        assert_eq!(expected(&Workspace::of(&[("README.md", "")])).len(), 2);
    }
}

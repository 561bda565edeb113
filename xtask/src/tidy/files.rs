//! How files begin, and how long they are.

use super::Finding;
use crate::workspace::{File, Workspace};

const TOO_LONG: usize = 500;
const LONG: usize = 400;

/// Finds files that do not begin with `//!`.
pub(super) fn first_line(workspace: &Workspace) -> Vec<Finding> {
    let silent = workspace.rust().filter(|file| !file.text.starts_with("//! "));
    silent.map(|file| Finding::of_line(&file.path, 1, "does not begin with `//! ` and a sentence")).collect()
}

/// Finds files that are too long to be read.
pub(super) fn too_long(workspace: &Workspace) -> Vec<Finding> {
    longer_than(workspace, TOO_LONG, usize::MAX)
}

/// Finds files that grow too long.
pub(super) fn long(workspace: &Workspace) -> Vec<Finding> {
    longer_than(workspace, LONG, TOO_LONG)
}

fn longer_than(workspace: &Workspace, least: usize, most: usize) -> Vec<Finding> {
    let count = |file: &File| file.text.lines().count();
    let between = workspace.rust().filter(|file| count(file) > least && count(file) <= most);
    between.map(|file| Finding::of_file(&file.path, format!("{} lines, more than {least}", count(file)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_its_sentence_is_found() {
        let workspace = Workspace::of(&[("a.rs", "fn a() {}\n"), ("b.rs", "//! B.\n"), ("c.md", "C.\n")]);
        let found = first_line(&workspace);
        assert_eq!(found.iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>(), ["a.rs"]);
    }

    #[test]
    fn length_warns_and_then_fails() {
        let (warned, failed) = ("x\n".repeat(401), "x\n".repeat(501));
        let workspace = Workspace::of(&[("warned.rs", &warned), ("failed.rs", &failed)]);
        assert_eq!(long(&workspace)[0].path, "warned.rs");
        assert_eq!(too_long(&workspace)[0].path, "failed.rs");
        assert_eq!((long(&workspace).len(), too_long(&workspace).len()), (1, 1));
    }
}

//! Words that have no business in the tree. They are written in pieces here, so that this file keeps its own rules.

use super::Finding;
use crate::workspace::{File, Workspace};

/// Macros for code that is not written yet, or was not cleaned up.
const MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// Attributes that hide something: a lint is expected with a reason, a test runs or goes.
const ATTRIBUTES: [&str; 2] = ["allow(", "ignore"];

/// Notes to oneself.
const NOTES: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Folders of one machine: a letter after the last two makes them a path.
const FOLDERS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tm", "p/")];

/// What the snapshot tests leave until somebody looks.
const UNDECIDED: [&str; 2] = [".snap.new", ".pending-snap"];

/// Finds what is left half done.
pub(super) fn half_done(workspace: &Workspace) -> Vec<Finding> {
    let undecided = |file: &&File| UNDECIDED.iter().any(|ending| file.path.ends_with(ending));
    let snapshots = workspace.files.iter().filter(undecided);
    let snapshots =
        snapshots.map(|file| Finding::of_file(&file.path, "waits for a decision: run `cargo insta review`"));
    snapshots.chain(workspace.rust().flat_map(|file| find(file, half_done_word))).collect()
}

/// Finds paths that exist on one machine only.
pub(super) fn machine_paths(workspace: &Workspace) -> Vec<Finding> {
    workspace.files.iter().flat_map(|file| find(file, machine_path)).collect()
}

fn find(file: &File, rule: fn(&str) -> Option<String>) -> impl Iterator<Item = Finding> + '_ {
    let lines = file.lines().filter_map(move |(number, line)| Some((number, rule(line)?)));
    lines.map(|(number, word)| Finding::of_line(&file.path, number, format!("says {word}")))
}

fn half_done_word(line: &str) -> Option<String> {
    let macros = MACROS.iter().map(|name| format!("{name}!"));
    let attributes = ATTRIBUTES.iter().flat_map(|name| [format!("#[{name}"), format!("#![{name}")]);
    let notes = NOTES.iter().map(|&note| note.to_owned());
    macros.chain(attributes).chain(notes).find(|word| stands_alone(line, word))
}

/// Whether a word is there, and no part of a longer one.
fn stands_alone(line: &str, word: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let ends_in_letter = word.ends_with(part);
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        let part_of_longer = before.is_some_and(part) || (ends_in_letter && after.is_some_and(part));
        !part_of_longer
    })
}

fn machine_path(line: &str) -> Option<String> {
    FOLDERS.iter().find(|folder| is_path(line, folder)).map(|folder| format!("{folder}…"))
}

fn is_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let inside_another =
            line[..start].ends_with(|before: char| before.is_alphanumeric() || "._-}".contains(before));
        let goes_on = line[start + folder.len()..].starts_with(|after: char| after.is_alphabetic());
        !inside_another && goes_on
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_half_done_is_found() {
        for name in MACROS {
            assert!(half_done_word(&format!("    {name}!()")).is_some());
            assert_eq!(half_done_word(&format!("    my_{name}!()")), None);
        }
        for name in ATTRIBUTES {
            assert!(half_done_word(&format!("#[{name}")).is_some());
            assert!(half_done_word(&format!("#![{name}")).is_some());
        }
        assert!(half_done_word(&format!("// {}: later", NOTES[0])).is_some());
        assert_eq!(half_done_word(&format!("let {}_LIST = 1;", NOTES[0])), None);
    }

    #[test]
    fn a_snapshot_that_nobody_decided_on_is_found() {
        assert_eq!(half_done(&Workspace::of(&[("a/b.snap.new", ""), ("a/b.snap", "")])).len(), 1);
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        for folder in FOLDERS {
            assert!(machine_path(&format!("see {folder}thing")).is_some(), "{folder}");
            assert_eq!(machine_path(&format!("https://example.org{folder}thing")), None, "{folder}");
            assert_eq!(machine_path(&format!("below {folder}*")), None, "{folder}");
        }
    }
}

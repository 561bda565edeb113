//! Providers are named in their own folders only.

use super::Finding;
use crate::{
    registry,
    workspace::{File, PROVIDERS, SANDBOX, Workspace},
};

/// What stands beside the house and puts a scene up there.
const BESIDE_THE_HOUSE: [&str; 2] = ["crates/testkit/", "crates/bench/"];

/// Finds a provider's id or name, in code, strings and comments, where it does not belong. Tests may name them, and so
/// may what serves tests and measurements.
pub(super) fn named_outside(workspace: &Workspace) -> Vec<Finding> {
    let indexes = registry::indexes(workspace).map(|index| index.path);
    let sources: Vec<_> = workspace.rust().filter(|file| is_source(file) && !indexes.contains(&file.path)).collect();
    let mut findings = Vec::new();
    for id in workspace.provider_ids() {
        let names = names_of(workspace, id);
        let strangers = sources.iter().filter(|file| !is_home(file, id));
        findings.extend(strangers.flat_map(|file| naming(file, &names)));
    }
    findings
}

fn is_source(file: &File) -> bool {
    let beside_the_house = BESIDE_THE_HOUSE.iter().any(|folder| file.path.starts_with(folder));
    file.path.starts_with("crates/") && file.path.contains("/src/") && !beside_the_house
}

fn is_home(file: &File, id: &str) -> bool {
    [PROVIDERS, SANDBOX].iter().any(|home| file.path.starts_with(&format!("{home}{id}/")))
}

/// The id, and what people call it.
fn names_of(workspace: &Workspace, id: &str) -> Vec<String> {
    let manifest = workspace.file(&format!("{PROVIDERS}{id}/manifest.toml"));
    let manifest = manifest.and_then(|file| file.text.parse::<toml::Table>().ok());
    let name = manifest.and_then(|manifest| Some(manifest.get("name")?.as_str()?.to_owned()));
    let mut names = vec![id.to_owned()];
    names.extend(name.filter(|name| !name.eq_ignore_ascii_case(id)));
    names
}

fn naming<'a>(file: &'a File, names: &'a [String]) -> impl Iterator<Item = Finding> + 'a {
    let named = |line: &str| names.iter().find(|name| has_word(line, name)).cloned();
    let lines = file.lines_but_tests().filter_map(move |(number, line)| Some((number, named(line)?)));
    lines.map(|(number, name)| Finding::of_line(&file.path, number, format!("names {name}")))
}

/// Whether a line holds a word, also as a part of `snake_case` or `CamelCase`.
fn has_word(line: &str, word: &str) -> bool {
    let (haystack, needle) = (line.to_ascii_lowercase(), word.to_ascii_lowercase());
    haystack.match_indices(&needle).any(|(start, _)| {
        let end = start + needle.len();
        starts_a_word(line, start) && ends_a_word(line, end)
    })
}

fn starts_a_word(line: &str, start: usize) -> bool {
    let before = line[..start].chars().next_back();
    let first = line[start..].chars().next();
    let camel = before.is_some_and(char::is_lowercase) && first.is_some_and(char::is_uppercase);
    camel || !before.is_some_and(char::is_alphanumeric)
}

fn ends_a_word(line: &str, end: usize) -> bool {
    let last = line[..end].chars().next_back();
    let after = line[end..].chars().next();
    let camel = last.is_some_and(char::is_lowercase) && after.is_some_and(char::is_uppercase);
    camel || !after.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_in(path: &str, text: &str) -> usize {
        let manifest = ("crates/providers/src/acme/manifest.toml", "name = \"Acme Rings\"\n");
        named_outside(&Workspace::of(&[manifest, (path, text)])).len()
    }

    #[test]
    fn a_name_is_found_in_code_strings_and_comments() {
        for text in ["// As Acme says.", "let it = \"acme\";", "acme_url()", "struct AcmeThing;", "// Acme Rings"] {
            assert_eq!(found_in("crates/engine/src/a.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn a_part_of_another_word_is_no_name() {
        assert_eq!(found_in("crates/engine/src/a.rs", "let acmeist = pacme;"), 0);
    }

    #[test]
    fn its_folders_the_index_and_tests_may_name_it() {
        for path in [
            "crates/providers/src/acme/mod.rs",
            "crates/sandbox/src/acme/api.rs",
            "crates/providers/src/registry.rs",
            "crates/engine/src/context/tests/texts.rs",
            "crates/engine/tests/it/main.rs",
            "crates/testkit/src/lib.rs",
            "crates/bench/src/delivery.rs",
        ] {
            assert_eq!(found_in(path, "use acme;"), 0, "{path}");
        }
    }
}

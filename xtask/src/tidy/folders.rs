//! Provider folders look alike, so that a stranger finds his way.

use std::collections::BTreeSet;

use super::Finding;
use crate::{
    registry,
    workspace::{PROVIDERS, SANDBOX, Workspace},
};

/// What each folder holds: one of the names in each line.
const FIXED: [&[&str]; 7] = [
    &["manifest.toml"],
    &["mod.rs"],
    &["wire.rs"],
    &["fetch.rs"],
    &["map.rs", "map/mod.rs"],
    &["quality.toml"],
    &["tests.rs", "tests/mod.rs"],
];

/// Finds what a provider's folder lacks.
pub(super) fn complete(workspace: &Workspace) -> Vec<Finding> {
    let inside = workspace.files.iter().filter_map(|file| file.path.strip_prefix(PROVIDERS)?.split_once('/'));
    let folders: BTreeSet<_> = inside.map(|(folder, _)| folder).collect();
    folders.into_iter().flat_map(|id| lacking(workspace, id)).collect()
}

fn lacking(workspace: &Workspace, id: &str) -> Vec<Finding> {
    let folder = format!("{PROVIDERS}{id}/");
    let has = |name: &&str| workspace.file(&format!("{folder}{name}")).is_some();
    let missing = FIXED.iter().filter(|names| !names.iter().any(has));
    let mut findings: Vec<_> =
        missing.map(|names| Finding::of_file(&folder, format!("lacks {}", names.join(" or ")))).collect();
    if workspace.file(&format!("{SANDBOX}{id}/mod.rs")).is_none() {
        findings.push(Finding::of_file(&folder, format!("has no stand-in in {SANDBOX}{id}/")));
    }
    findings.extend(misnamed(workspace, id));
    findings
}

fn misnamed(workspace: &Workspace, id: &str) -> Option<Finding> {
    let file = workspace.file(&format!("{PROVIDERS}{id}/manifest.toml"))?;
    match file.text.parse::<toml::Table>() {
        Err(error) => Some(Finding::of_file(&file.path, format!("is no TOML: {}", error.message()))),
        Ok(manifest) if manifest.get("id").and_then(|said| said.as_str()) == Some(id) => None,
        Ok(_) => Some(Finding::of_file(&file.path, format!("its id is not that of its folder, \"{id}\""))),
    }
}

/// Finds indexes that are not what would be written now.
pub(super) fn registry(workspace: &Workspace) -> Vec<Finding> {
    let stale = registry::indexes(workspace).into_iter().filter(|index| {
        let kept = workspace.file(&index.path);
        kept.is_none_or(|file| file.text != index.text)
    });
    stale.map(|index| Finding::of_file(index.path, "is stale: run `cargo xtask registry`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: [(&str, &str); 8] = [
        ("crates/providers/src/acme/manifest.toml", "id = \"acme\"\n"),
        ("crates/providers/src/acme/mod.rs", ""),
        ("crates/providers/src/acme/wire.rs", ""),
        ("crates/providers/src/acme/fetch.rs", ""),
        ("crates/providers/src/acme/map/mod.rs", ""),
        ("crates/providers/src/acme/quality.toml", ""),
        ("crates/providers/src/acme/tests.rs", ""),
        ("crates/sandbox/src/acme/mod.rs", ""),
    ];

    #[test]
    fn a_whole_folder_is_complete() {
        assert_eq!(complete(&Workspace::of(&WHOLE)), []);
    }

    #[test]
    fn each_missing_file_is_found() {
        for (missing, (path, _)) in WHOLE.iter().enumerate() {
            let mut files = WHOLE.to_vec();
            files.remove(missing);
            assert_eq!(complete(&Workspace::of(&files)).len(), 1, "{path}");
        }
    }

    #[test]
    fn a_manifest_of_another_is_found() {
        let mut files = WHOLE;
        files[0].1 = "id = \"other\"\n";
        assert_eq!(complete(&Workspace::of(&files)).len(), 1);
    }

    #[test]
    fn a_stale_index_is_found() {
        assert_eq!(registry(&Workspace::of(&WHOLE)).len(), 2);
        let fresh = registry::indexes(&Workspace::of(&WHOLE));
        let mut files = WHOLE.to_vec();
        files.extend(fresh.iter().map(|index| (index.path.as_str(), index.text.as_str())));
        assert_eq!(registry(&Workspace::of(&files)), []);
    }
}

//! The project's files and crates, as the rules see them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Deserialize;

use crate::program::{program, read};

/// Where the providers live.
pub(crate) const PROVIDERS: &str = "crates/providers/src/";

/// Where their stand-ins live.
pub(crate) const SANDBOX: &str = "crates/sandbox/src/";

/// A snapshot of the project.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) files: Vec<File>,
    pub(crate) packages: Vec<Package>,
}

/// A text file that is, or would be, under version control.
pub(crate) struct File {
    /// Relative to the root.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A crate of ours, as cargo describes it.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// What a crate declares that it uses.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dev`, `build`, or nothing.
    pub(crate) kind: Option<String>,
    /// Nothing for crates of ours.
    pub(crate) source: Option<String>,
}

impl Dependency {
    /// Whether only tests use it.
    pub(crate) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

/// What `cargo metadata` tells.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

impl Metadata {
    /// Asks cargo.
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        let told = read(program("cargo metadata --no-deps --format-version 1").current_dir(root))?;
        Ok(serde_json::from_str(&told)?)
    }
}

impl Workspace {
    /// Reads every file that git knows or would add.
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        // A checkout may belong to somebody else, as in containers.
        let list = "git -c safe.directory=* ls-files -z --cached --others --exclude-standard";
        let paths = read(program(list).current_dir(root))?;
        let paths: BTreeSet<_> = paths.split_terminator('\0').collect();
        let files = paths.into_iter().filter_map(|path| File::load(root, path)).collect();
        Ok(Self { files, packages: Metadata::load(root)?.packages })
    }

    /// The files written in Rust.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// A file, by its path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The names of the folders beside a crate's root that hold a certain file.
    pub(crate) fn folders_with(&self, home: &str, name: &str) -> BTreeSet<&str> {
        let inside = self.files.iter().filter_map(|file| file.path.strip_prefix(home)?.split_once('/'));
        inside.filter(|(_, rest)| *rest == name).map(|(folder, _)| folder).collect()
    }

    /// The ids of the providers there are.
    pub(crate) fn provider_ids(&self) -> BTreeSet<&str> {
        self.folders_with(PROVIDERS, "manifest.toml")
    }
}

impl File {
    /// Nothing for what was deleted or is no text.
    fn load(root: &Path, path: &str) -> Option<Self> {
        let text = std::fs::read_to_string(root.join(path)).ok()?;
        Some(Self { path: path.to_owned(), text })
    }

    /// The lines with their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The lines that are no tests.
    pub(crate) fn lines_but_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests_only = self.path.contains("/tests/") || self.path.ends_with("/tests.rs");
        let end = if tests_only { 0 } else { self.tests_start() };
        self.lines().take_while(move |(number, _)| *number < end)
    }

    fn tests_start(&self) -> usize {
        let mut before = "";
        for (number, line) in self.lines() {
            if before == "#[cfg(test)]" && line.starts_with("mod ") && line.ends_with('{') {
                return number - 1;
            }
            before = line;
        }
        usize::MAX
    }
}

/// The root of the project: the nearest folder above that holds this program's sources.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir()?;
    let root = here.ancestors().find(|folder| folder.join("xtask/Cargo.toml").is_file());
    root.map(Path::to_owned).context("run this inside the project")
}

#[cfg(test)]
impl Workspace {
    /// A project of made-up files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
        Self { files: files.iter().map(file).collect(), packages: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(path: &str, text: &str) -> Vec<usize> {
        let workspace = Workspace::of(&[(path, text)]);
        workspace.files[0].lines_but_tests().map(|(number, _)| number).collect()
    }

    #[test]
    fn tests_inside_a_file_are_left_out() {
        assert_eq!(numbers("crates/a/src/b.rs", "//! B.\nfn b() {}\n#[cfg(test)]\nmod tests {\n}\n"), [1, 2]);
        assert_eq!(numbers("crates/a/src/b.rs", "//! B.\n#[cfg(test)]\nmod tests;\nfn b() {}\n"), [1, 2, 3, 4]);
    }

    #[test]
    fn files_of_tests_are_left_out() {
        assert!(numbers("crates/a/src/tests.rs", "//! T.\n").is_empty());
        assert!(numbers("crates/a/src/b/tests/c.rs", "//! T.\n").is_empty());
    }

    #[test]
    fn a_provider_is_a_folder_with_a_manifest() {
        let files = [("crates/providers/src/acme/manifest.toml", ""), ("crates/providers/src/other/mod.rs", "")];
        assert!(Workspace::of(&files).provider_ids().into_iter().eq(["acme"]));
    }
}

//! Documents that the program itself writes: which there are, and whether they are fresh.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};

use crate::program::{program, read};

/// A document, and the command of `afferent` that prints it.
struct Document {
    path: &'static str,
    command: &'static str,
}

const DOCUMENTS: [Document; 3] = [
    Document { path: "docs/generated/openapi.json", command: "openapi" },
    Document { path: "docs/generated/settings.md", command: "reference settings" },
    Document { path: "docs/generated/problems.md", command: "reference problems" },
];

/// Writes every document anew.
pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    for document in &DOCUMENTS {
        let file = root.join(document.path);
        fs::create_dir_all(file.parent().context("a document lies in a folder")?)?;
        fs::write(&file, print(root, document)?).with_context(|| format!("cannot write {}", document.path))?;
        println!("wrote {}", document.path);
    }
    Ok(())
}

/// Fails unless every document says what would be written now.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let mut stale = Vec::new();
    for document in &DOCUMENTS {
        let kept = fs::read_to_string(root.join(document.path)).unwrap_or_default();
        if kept != print(root, document)? {
            stale.push(document.path);
        }
    }
    if stale.is_empty() {
        println!("{} documents are fresh", DOCUMENTS.len());
        return Ok(());
    }
    bail!("not what the program prints now: {}\nrun `cargo xtask generate` and commit what it writes", stale.join(", "))
}

fn print(root: &Path, document: &Document) -> anyhow::Result<String> {
    let line = format!("cargo run --quiet --package afferent -- {}", document.command);
    let text = read(program(&line).current_dir(root)).with_context(|| format!("cannot print {}", document.path))?;
    if text.trim().is_empty() { bail!("`afferent {}` prints nothing", document.command) } else { Ok(text) }
}

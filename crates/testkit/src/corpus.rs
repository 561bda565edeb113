//! What the fuzzers have learnt: files that tests replay.

use std::{fs, path::Path};

/// Where the corpus is, a folder for each target.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");

/// The names of the targets that have a corpus.
pub fn corpora() -> anyhow::Result<Vec<String>> {
    let folders = fs::read_dir(CORPUS)?.map(|folder| Ok(folder?.file_name().to_string_lossy().into_owned()));
    folders.collect()
}

/// A target's files: their names, and what is in them.
pub fn corpus(target: &str) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for file in fs::read_dir(Path::new(CORPUS).join(target))? {
        let file = file?;
        files.push((file.file_name().to_string_lossy().into_owned(), fs::read(file.path())?));
    }
    anyhow::ensure!(!files.is_empty(), "the corpus of {target} is empty");
    Ok(files)
}

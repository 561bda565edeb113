//! `cargo xtask fuzz`: throws what nobody expects at every parser that faces the outside.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::{
    program::{program, read, run as run_program},
    workspace::Metadata,
};

/// Where the targets are, and beside them what they have learnt: every file there is replayed by the tests.
const TARGETS: &str = "fuzz/targets";
const CORPUS: &str = "fuzz/corpus";

/// What the compiler adds so that the fuzzer sees which ways were taken (as `cargo fuzz` does).
const INSTRUMENTS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// What to fuzz, and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// For each target.
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Only these targets.
    targets: Vec<String>,
}

/// Fuzzes each target in its turn, until one fails.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    let target = Metadata::load(root)?.target_directory.join("fuzz");
    let built = build(root, &target)?;
    let names = names(root)?;
    for name in &options.targets {
        names.get(name).with_context(|| format!("there is no target {name}; there are {names:?}"))?;
    }
    for name in names.iter().filter(|name| options.targets.is_empty() || options.targets.contains(name)) {
        println!("\n=== {name}, {} s", options.seconds);
        fuzz(root, &target, &built.join(name), name, options.seconds)?;
    }
    Ok(())
}

/// The names of all targets.
fn names(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let files = fs::read_dir(root.join(TARGETS))?.flatten().map(|file| file.path());
    Ok(files.filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect())
}

/// Builds all targets with the instruments, and says where they are.
fn build(root: &Path, target: &Path) -> anyhow::Result<PathBuf> {
    let host = read(&mut program("rustc --print host-tuple"))?;
    let mut build = program("cargo +nightly build --release --manifest-path fuzz/Cargo.toml --target");
    build.arg(host.trim()).arg("--target-dir").arg(target).current_dir(root);
    // The outer cargo has told which compiler it is; this one is another.
    build.env("RUSTFLAGS", INSTRUMENTS).env_remove("RUSTC").env_remove("RUSTUP_TOOLCHAIN");
    run_program(&mut build).context("the nightly compiler builds the targets: rustup toolchain install nightly")?;
    Ok(target.join(host.trim()).join("release"))
}

/// What is new is kept below the target folder; what the project keeps is only read.
fn fuzz(root: &Path, target: &Path, program: &Path, name: &str, seconds: u32) -> anyhow::Result<()> {
    let (found, failed) = (target.join("corpus").join(name), target.join("failed"));
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&failed)?;
    let kept = root.join(CORPUS).join(name);
    let mut fuzzer = std::process::Command::new(program);
    fuzzer.arg(format!("-max_total_time={seconds}")).args([
        "-max_len=8192",
        "-timeout=10",
        "-print_final_stats=1",
        "-verbosity=0",
    ]);
    fuzzer.arg(format!("-artifact_prefix={}/{name}-", failed.display())).arg(found).arg(&kept);
    let advice = || format!("{name} fails on a file in {}: keep it in {CORPUS}/{name}", failed.display());
    run_program(&mut fuzzer).with_context(advice)
}

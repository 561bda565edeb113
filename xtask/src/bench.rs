//! `cargo xtask bench`: builds the server as it is released, and measures it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    program::{program, run as run_program},
    test::postgres::Postgres,
    workspace::Metadata,
};

/// What to measure, and how.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Short, small and not optimised: to see that it works, not how fast it is.
    #[arg(long)]
    quick: bool,
    /// Only these stages (start, backfill, reads, arrival, webhooks, streams, schedule); may be repeated.
    #[arg(long, value_name = "STAGE")]
    only: Vec<String>,
    /// Build with symbols, and keep what perf sees of the server under load.
    #[arg(long, conflicts_with = "quick")]
    perf: bool,
    /// Only on SQLite.
    #[arg(long)]
    sqlite: bool,
}

/// Builds, then measures on SQLite and, where it is installed, on PostgreSQL. Results are put into `target/bench`.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    let target = Metadata::load(root)?.target_directory;
    let out = target.join("bench");
    // Not the system's temporary folder: where that is memory, keeping something for good costs nothing.
    let folder = out.join("data");
    fs::create_dir_all(&folder)?;
    let built = build(root, &target, options)?;
    let postgres = if options.sqlite { None } else { Postgres::start_durable().ok() };
    // Thousands of readers are as many open files.
    let mut bench = program("sh -c");
    bench.arg(r#"ulimit -n "$(ulimit -Hn)" && exec "$0" "$@""#).arg(built.join("bench"));
    bench.current_dir(root).env("TMPDIR", &folder).env_remove("TEST_POSTGRES_URL");
    bench.envs(postgres.iter().map(|server| ("TEST_POSTGRES_URL", server.url())));
    bench.arg("--out").arg(&out);
    bench.args(options.quick.then_some("--quick")).args(options.perf.then_some("--perf"));
    bench.args(options.only.iter().flat_map(|stage| ["--only", stage]));
    run_program(&mut bench)
}

/// Builds the server and what measures it; says where they are.
fn build(root: &Path, target: &Path, options: &Options) -> anyhow::Result<PathBuf> {
    let mut cargo = program("cargo build --package afferent --package bench");
    cargo.current_dir(root);
    if options.quick {
        run_program(&mut cargo)?;
        return Ok(target.join("debug"));
    }
    cargo.arg("--release");
    if !options.perf {
        run_program(&mut cargo)?;
        return Ok(target.join("release"));
    }
    // A folder of its own, so that a build for perf and one for use do not undo each other.
    let folder = target.join("perf");
    cargo.arg("--target-dir").arg(&folder);
    cargo.envs([("CARGO_PROFILE_RELEASE_STRIP", "none"), ("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")]);
    cargo.env("RUSTFLAGS", "-C force-frame-pointers=yes");
    run_program(&mut cargo)?;
    Ok(folder.join("release"))
}

//! The tests written in Rust.

use std::path::Path;

use super::{postgres::Postgres, tally::Tally};
use crate::program::program;

/// Runs them all at once, so that every crate is built with the same features.
pub(super) fn test(root: &Path, postgres: Option<&Postgres>, long: bool, tally: &mut Tally) -> anyhow::Result<()> {
    let mut tests = program("cargo test --workspace --no-fail-fast");
    tests.current_dir(root).env_remove("TEST_POSTGRES_URL").env_remove("TEST_LONG");
    tests.envs(postgres.map(|server| ("TEST_POSTGRES_URL", server.url())));
    tests.envs(postgres.map(|server| ("TEST_POSTGRES_BIN", server.programs())));
    tests.envs(long.then_some(("TEST_LONG", "1")));
    tally.run(&mut tests)
}

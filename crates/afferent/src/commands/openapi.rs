//! Prints the API's description.

use super::say;

/// Prints the description.
pub(crate) fn run() -> anyhow::Result<()> {
    say(&web::openapi().to_pretty_json()?);
    Ok(())
}

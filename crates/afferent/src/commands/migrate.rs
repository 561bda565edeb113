//! Brings the database's tables up to date.

use anyhow::Context;
use model::Random;
use store::{Db, MasterKeys};

use super::say;
use crate::config::Config;

/// Brings the tables up to date.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    let key = config.encryption_key.as_ref().context("INTEGRATION_ENCRYPTION_KEY is missing")?;
    let db = Db::open_as_is(&config.database_url, MasterKeys::parse(key)?, Random::system()).await?;
    let pending = db.pending_migrations().await?;
    db.migrate().await?;
    say(&format!("{pending} migrations were run; the tables are up to date"));
    Ok(())
}

//! Master keys: new ones, and sealing everything by the newest.

use anyhow::Context;
use jiff::tz::TimeZone;
use model::{Clock, Random};
use store::{Db, MasterKeys};

use super::say;
use crate::{cli::KeyCommand, config::Config};

const AT_ONCE: i64 = 200;

/// Makes a key, or rotates.
pub(crate) async fn run(command: KeyCommand, config: impl Fn() -> anyhow::Result<Config>) -> anyhow::Result<()> {
    match command {
        KeyCommand::New { id } => {
            let today = Clock::system().now().to_zoned(TimeZone::UTC).date();
            let id = id.unwrap_or_else(|| today.strftime("k%Y%m%d").to_string());
            say(MasterKeys::generate(&id, &Random::system()).expose());
            Ok(())
        }
        KeyCommand::Rotate => rotate(&config()?).await,
    }
}

/// Only people's keys are sealed by the master key: each is sealed anew, some at a time, while the server runs.
async fn rotate(config: &Config) -> anyhow::Result<()> {
    let key = config.encryption_key.as_ref().context("INTEGRATION_ENCRYPTION_KEY is missing")?;
    let keys = MasterKeys::parse(key)?;
    let newest = keys.ids().next().unwrap_or_default().to_owned();
    let db = Db::open(&config.database_url, keys, Random::system()).await?;
    let mut sealed = 0;
    loop {
        let mut tx = db.write().await?;
        let some = tx.rotate_keys(AT_ONCE).await?;
        tx.commit().await?;
        if some == 0 {
            break;
        }
        sealed += some;
    }
    say(&format!(
        "{sealed} people's keys were sealed by {newest}; the other master keys can be taken out of the settings"
    ));
    Ok(())
}

//! Prints the API's description.

use std::collections::BTreeMap;

use model::{Clock, Random};
use store::MasterKeys;
use url::Url;

use super::say;
use crate::house::{House, Plan};

/// Prints the description: it is the same for every set of settings, so it needs none.
pub(crate) async fn run() -> anyhow::Result<()> {
    let public_url = Url::parse("http://127.0.0.1:8080")?;
    let house = House::build(Plan {
        database_url: "sqlite::memory:".into(),
        keys: MasterKeys::parse(&MasterKeys::generate("none", &Random::system()))?,
        clock: Clock::system(),
        applications: BTreeMap::new(),
        public_url: public_url.clone(),
        return_origins: Vec::new(),
    })
    .await?;
    let settings =
        web::Settings { public_url, cors_origins: Vec::new(), trust_proxy: false, requests_per_minute: 60 };
    let state = web::State::new(house.engine, house.identity, settings);
    say(&web::openapi(&state).to_pretty_json()?);
    Ok(())
}

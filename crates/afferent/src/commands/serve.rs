//! Runs the server.

use crate::{
    config::Config,
    house::House,
    server::{self, Bounds},
    telemetry::Telemetry,
};

/// Runs until told to stop; refuses to start when a required setting is missing.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    config.require_all()?;
    let told = Telemetry { filter: &config.log, json: config.log_json, collector: config.collector.as_ref() };
    let _traces = told.begin()?;
    let stop = server::stop_on_signal();
    let house = House::from_config(config).await?;
    house.bootstrap(&config.initial).await?;
    let listener = server::listen(config.listen).await?;
    tracing::info!(public_url = %config.public_url, listen = %listener.local_addr()?, "serving");
    server::run(&house, listener, settings(config), Bounds::of(config), stop).await;
    Ok(())
}

pub(crate) fn settings(config: &Config) -> web::Settings {
    web::Settings {
        public_url: config.public_url.clone(),
        cors_origins: config.cors_origins.clone(),
        trust_proxy: config.trust_proxy,
        requests_per_minute: config.requests_per_minute,
        streams_per_reader: config.streams_per_reader,
    }
}

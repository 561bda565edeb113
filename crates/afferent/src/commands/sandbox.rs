//! Runs the sandbox by itself.

use std::{collections::BTreeMap, net::SocketAddr};

use model::{Clock, Secret};
use sandbox::{ClientApp, Options, Sandbox};

use super::say;
use crate::{
    cli::{Life, SandboxArgs},
    server::{self, Bounds},
    telemetry::Telemetry,
};

/// Serves until told to stop.
pub(crate) async fn run(options: SandboxArgs) -> anyhow::Result<()> {
    let _traces = Telemetry::lines("info").begin()?;
    let app = ClientApp {
        client_id: options.client_id,
        client_secret: Secret::new(options.client_secret),
        redirect_uris: options.redirect_uris,
    };
    let ids = providers::all().into_iter().map(|provider| provider.manifest().id.clone());
    let clock = clock(&options.life);
    let sandbox = open(clock, &options.life, ids.map(|id| (id, app.clone())).collect())?;
    let stop = server::stop_on_signal();
    let listener = server::listen(SocketAddr::from(([127, 0, 0, 1], options.port))).await?;
    let address = listener.local_addr()?;
    say(&format!("The sandbox is at http://{address}"));
    server::serve(listener, sandbox.router_at(address), Bounds::HERE, stop).await;
    Ok(())
}

/// The clock that a life begins by.
pub(crate) fn clock(life: &Life) -> Clock {
    life.now.map_or_else(Clock::system, Clock::starting_at)
}

/// The sandbox of a life.
pub(crate) fn open(clock: Clock, life: &Life, clients: BTreeMap<String, ClientApp>) -> anyhow::Result<Sandbox> {
    let options = Options { clock, seed: life.seed, days: life.days, replay: life.replay.clone(), clients };
    Ok(Sandbox::new(options)?)
}

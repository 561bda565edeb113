//! Serves until told to stop, then drains: ten seconds at most.

mod bounds;
mod connections;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use axum::Router;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

pub(crate) use self::bounds::{Bounds, open_more_files};
use crate::house::House;

/// Who is being answered has so long to be answered; whatever else is under way ends meanwhile.
const DRAIN: Duration = Duration::from_secs(6);
/// What is not done by then is taken up by the next start.
const LAST_CALL: Duration = Duration::from_secs(2);
/// Nobody holds the database for longer than a moment.
const CLOSE: Duration = Duration::from_secs(1);

/// Listens on an address.
pub(crate) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("{address} is taken or may not be listened on"))
}

/// Serves routes until told to stop; connections that do not end by then are cut.
pub(crate) async fn serve(listener: TcpListener, routes: Router, bounds: Bounds, stop: CancellationToken) {
    tokio::select! {
        () = connections::answer(listener, routes, bounds, &stop) => {}
        () = late(&stop) => {}
    }
}

async fn late(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(DRAIN).await;
}

/// Runs a house behind its doors until told to stop.
pub(crate) async fn run(
    house: &House,
    listener: TcpListener,
    settings: web::Settings,
    bounds: Bounds,
    stop: CancellationToken,
) {
    let state = web::State::new(house.engine.clone(), house.identity.clone(), settings);
    let worker = tokio::spawn({
        let (engine, stop) = (house.engine.clone(), stop.clone());
        async move { engine.work(stop).await }
    });
    let collecting = tokio::spawn(web::collect_metrics(house.engine.clock().clone()));
    tokio::spawn({
        let (engine, stop) = (house.engine.clone(), stop.clone());
        async move {
            stop.cancelled().await;
            engine.close_streams();
        }
    });
    serve(listener, web::router(state).into_router(), bounds, stop.clone()).await;
    stop.cancel();
    collecting.abort();
    let drained = async {
        let _ = worker.await;
        house.engine.drain().await;
    };
    let _ = timeout(LAST_CALL, drained).await;
    let closed = async {
        let _ = house.engine.hand_back().await;
        house.db.close().await;
    };
    let _ = timeout(CLOSE, closed).await;
}

/// Told to stop by Ctrl-C or by the system.
pub(crate) fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            signal().await;
            stop.cancel();
        }
    });
    stop
}

async fn signal() {
    let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

//! Serves until told to stop, then drains: ten seconds at most.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use axum::Router;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

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
pub(crate) async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) -> anyhow::Result<()> {
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    let stopped = stop.clone();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move { stopped.cancelled().await });
    tokio::select! {
        ended = server.into_future() => ended.context("serving"),
        () = late(&stop) => Ok(()),
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
    stop: CancellationToken,
) -> anyhow::Result<()> {
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
    let served = serve(listener, web::router(state).into_router(), stop.clone()).await;
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
    served
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

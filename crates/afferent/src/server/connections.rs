//! Answers each connection until it ends, has said nothing for too long, or the server stops.

use std::{future, net::SocketAddr, pin::pin};

use axum::{Router, extract::ConnectInfo, http::Request, serve::Listener};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::bounds::{Bounds, Places};

/// Answers whoever comes until told to stop; then waits for those who are being answered.
pub(super) async fn answer(mut listener: TcpListener, routes: Router, bounds: Bounds, stop: &CancellationToken) {
    let (places, open) = (Places::new(&bounds), GracefulShutdown::new());
    while let Some((stream, peer)) = stop.run_until_cancelled(Listener::accept(&mut listener)).await {
        let Some(place) = places.take(peer.ip()) else { continue };
        // One that cannot be tuned has gone already.
        if bounds.tune(&stream).is_err() {
            continue;
        }
        let connection = Connection { stream, peer, routes: routes.clone(), bounds };
        let watcher = open.watcher();
        tokio::spawn(async move {
            connection.serve(watcher).await;
            drop(place);
        });
    }
    drop(listener);
    open.shutdown().await;
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    bounds: Bounds,
}

impl Connection {
    async fn serve(self, watcher: Watcher) {
        let asked = CancellationToken::new();
        let service = TowerToHyperService::new(self.routes.map_request(note(self.peer, asked.clone())));
        let builder = builder(&self.bounds);
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(self.stream), service);
        // hyper's own clock for headers starts once it knows the protocol: until then this one counts.
        let silent = async {
            if timeout(self.bounds.silence, asked.cancelled()).await.is_ok() {
                future::pending().await
            }
        };
        let mut connection = pin!(watcher.watch(connection));
        tokio::select! {
            // What a client does wrong is no concern of ours.
            _ = &mut connection => {}
            () = silent => {}
        }
    }
}

fn builder(bounds: &Bounds) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // From one answer to the end of the next request's headers: idle connections end by this as well.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(bounds.silence);
    let mut http2 = builder.http2();
    http2.timer(TokioTimer::new()).keep_alive_interval(bounds.silence).keep_alive_timeout(bounds.silence);
    builder
}

/// Tells each request whom it is from, and notes that there was one.
fn note<B>(peer: SocketAddr, asked: CancellationToken) -> impl FnMut(Request<B>) -> Request<B> + Clone {
    move |mut request| {
        asked.cancel();
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    }
}

//! A collector of traces, as OpenTelemetry's libraries find one: OTLP over HTTP. Somebody's program lives there too.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use tokio::{net::TcpListener, task::JoinHandle};

/// What came in, one message after the other.
type Heard = Arc<Mutex<Vec<u8>>>;

/// A collector that listens until dropped.
pub(crate) struct Collector {
    pub(crate) url: String,
    heard: Heard,
    knocks: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl Collector {
    /// Listens on a port of its own.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let heard = Heard::default();
        let knocks = Arc::new(AtomicUsize::new(0));
        let count = knocks.clone();
        let hook = move || async move { _ = count.fetch_add(1, Ordering::SeqCst) };
        let routes = Router::new().route("/v1/traces", post(hear)).route("/hook/{secret}", post(hook));
        let routes = routes.with_state(heard.clone());
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { url, heard, knocks, server })
    }

    /// How often the program was sent something.
    pub(crate) fn knocks(&self) -> usize {
        self.knocks.load(Ordering::SeqCst)
    }

    /// Everything so far. Protocol buffers write texts as they are.
    pub(crate) fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn hear(State(heard): State<Heard>, message: Bytes) {
    heard.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&message);
}

//! The outside world: the sandbox, served over HTTP on a port of its own.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{Router, extract::Request};
use model::{Clock, Secret};
use sandbox::{ClientApp, Faults, Options, Sandbox};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tower::ServiceExt;
use url::Url;

/// What the application is called at every provider.
pub(crate) const CLIENT_ID: &str = "app";
pub(crate) const CLIENT_SECRET: &str = "secret";
/// Where providers send people back to.
pub(crate) const CALLBACK: &str = "http://afferent.test/callback";

/// What the sandbox's people have lived.
#[derive(Clone, Copy)]
pub struct Life {
    /// The same seed lives the same life.
    pub seed: u64,
    /// How many days of it are told.
    pub days: u32,
}

/// The sandbox, served over HTTP until dropped.
pub struct Street {
    /// Where it is.
    pub url: Url,
    clock: Clock,
    life: Life,
    sandbox: Arc<RwLock<Sandbox>>,
    router: Router,
    server: Option<Server>,
}

/// A server that serves until it is told to stop.
struct Server {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Street {
    /// Serves a sandbox.
    pub async fn open(clock: Clock, life: Life) -> anyhow::Result<Self> {
        let sandbox = Arc::new(RwLock::new(Sandbox::new(options(clock.clone(), life, None))?));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let present = sandbox.clone();
        let router = Router::new().fallback(move |request: Request| {
            let router = read(&present).router();
            async move { router.oneshot(request).await }
        });
        let server = Some(serve(listener, router.clone()));
        Ok(Self { url, clock, life, sandbox, router, server })
    }

    /// Goes away: whoever is being answered is answered, and then nobody is there.
    pub async fn close(&mut self) {
        if let Some(Server { stop, task }) = self.server.take() {
            let _ = stop.send(());
            let _ = task.await;
        }
    }

    /// Comes back to where it was.
    pub async fn reopen(&mut self) -> anyhow::Result<()> {
        let port = self.url.port().unwrap_or_default();
        self.server = Some(serve(TcpListener::bind(("127.0.0.1", port)).await?, self.router.clone()));
        Ok(())
    }

    /// The troubles and counts of a provider.
    pub fn faults(&self, provider: &str) -> Faults {
        read(&self.sandbox).faults(provider).unwrap_or_default()
    }

    /// From now on the first person's data is what a folder holds. Tokens stay good, troubles and counts begin anew.
    pub fn replay(&self, folder: PathBuf) -> anyhow::Result<()> {
        let sandbox = Sandbox::new(options(self.clock.clone(), self.life, Some(folder)))?;
        *self.sandbox.write().unwrap_or_else(PoisonError::into_inner) = sandbox;
        Ok(())
    }
}

impl Drop for Street {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.task.abort();
        }
    }
}

fn serve(listener: TcpListener, router: Router) -> Server {
    let (stop, stopped) = oneshot::channel();
    let stopped = async { drop(stopped.await) };
    let task = tokio::spawn(async move {
        let _ = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
    });
    Server { stop, task }
}

fn read(sandbox: &RwLock<Sandbox>) -> Sandbox {
    sandbox.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn options(clock: Clock, life: Life, replay: Option<PathBuf>) -> Options {
    let app = ClientApp {
        client_id: CLIENT_ID.to_owned(),
        client_secret: Secret::new(CLIENT_SECRET),
        redirect_uris: vec![CALLBACK.to_owned()],
    };
    let clients = BTreeMap::from([("oura".to_owned(), app)]);
    Options { clock, seed: life.seed, days: life.days, replay, clients }
}

//! The outside world: the sandbox, served over HTTP on a port of its own.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{Router, extract::Request};
use model::{Clock, Secret};
use sandbox::{ClientApp, Faults, Options, Sandbox};
use tokio::{net::TcpListener, task::JoinHandle};
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
    server: JoinHandle<()>,
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
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, clock, life, sandbox, server })
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
        self.server.abort();
    }
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

//! A wire to the provider's token endpoint on which a refresh can be held up.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    body::Bytes,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::post,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time::timeout,
};

/// Long enough for a slow machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

/// How far a refresh comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// The provider's door is knocked at: the request itself does not leave.
    Greeting,
    /// The request is sent, and does not arrive.
    Request,
    /// The provider has acted, and nobody hears of it.
    Answer,
    /// All the way.
    Nothing,
}

/// A wire that can be held up.
pub(crate) struct Wire {
    plain: String,
    secure: String,
    hold: Arc<watch::Sender<Hold>>,
    came: mpsc::UnboundedReceiver<()>,
}

/// What the wire's two ends share.
#[derive(Clone)]
struct Carrier {
    token_url: String,
    hold: watch::Receiver<Hold>,
    came: mpsc::UnboundedSender<()>,
}

impl Wire {
    /// Lays a wire to a token endpoint.
    pub(crate) async fn lay(token_url: String) -> anyhow::Result<Self> {
        let (open, secret) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        let plain = format!("http://{}/token", open.local_addr()?);
        let secure = format!("https://{}/token", secret.local_addr()?);
        let (hold, held) = watch::channel(Hold::Nothing);
        let (tell, came) = mpsc::unbounded_channel();
        let carrier = Carrier { token_url, hold: held, came: tell.clone() };
        let carry = move |headers: HeaderMap, body: Bytes| {
            let carrier = carrier.clone();
            async move { carrier.carry(&headers, body).await }
        };
        let routes = Router::new().route("/token", post(carry));
        tokio::spawn(async move { axum::serve(open, routes).await });
        tokio::spawn(greet_nobody(secret, tell));
        Ok(Self { plain, secure, hold: Arc::new(hold), came })
    }

    /// Holds up what comes from now on, and says under which address the token endpoint is to be reached.
    pub(crate) fn hold(&mut self, hold: Hold) -> &str {
        self.hold.send_replace(hold);
        while self.came.try_recv().is_ok() {}
        if hold == Hold::Greeting { &self.secure } else { &self.plain }
    }

    /// Waits until something came as far as it may.
    pub(crate) async fn reached(&mut self) -> anyhow::Result<()> {
        timeout(PATIENCE, self.came.recv()).await.context("nothing comes")?.context("the wire is cut")
    }
}

impl Carrier {
    async fn carry(&self, headers: &HeaderMap, body: Bytes) -> Response {
        let hold = *self.hold.borrow();
        let answer = if hold == Hold::Request { None } else { self.ask(headers, body).await.ok() };
        // Whoever listened may be gone when the test has ended.
        let _ = self.came.send(());
        match answer {
            Some(answer) if hold == Hold::Nothing => answer,
            _ => std::future::pending().await,
        }
    }

    async fn ask(&self, headers: &HeaderMap, body: Bytes) -> anyhow::Result<Response> {
        let form = headers.get("content-type").context("a form")?;
        let request = crate::api::http()?.post(&self.token_url).header("content-type", form).body(body);
        let answer = request.send().await?;
        let (status, answer) = (answer.status(), answer.text().await?);
        Ok((status, [("content-type", "application/json")], answer).into_response())
    }
}

/// Lets everybody in and says nothing: before a TLS handshake no request leaves.
async fn greet_nobody(listener: TcpListener, came: mpsc::UnboundedSender<()>) {
    let mut silent: Vec<TcpStream> = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        silent.push(stream);
        if came.send(()).is_err() {
            return;
        }
    }
}

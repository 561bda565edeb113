//! An app's backend that events are posted to: it keeps what comes, and answers as it is told to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use url::Url;

/// An app's backend, served over HTTP until dropped.
pub struct Receiver {
    /// Where events are posted to.
    pub url: Url,
    inbox: Arc<Mutex<Inbox>>,
    held: Arc<Semaphore>,
    server: JoinHandle<()>,
}

/// Something that was posted.
#[derive(Clone, Debug)]
pub struct Post {
    pub headers: HeaderMap,
    pub body: String,
}

/// How a post is answered.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    Status(u16),
    /// With a status, and when to come again.
    RetryAfter(u16, &'static str),
    /// As taken, at great length.
    Long,
    /// To another address.
    Redirect,
    /// As taken, when it is released.
    Held,
    /// Never.
    Silence,
}

struct Inbox {
    posts: Vec<Post>,
    behaviour: Arc<dyn Fn(&Post) -> Reply + Send + Sync>,
}

impl Receiver {
    /// The only host in the own network that a house sends events to.
    pub const HOST: &str = "127.0.0.1";

    /// A backend that takes everything.
    pub async fn open() -> anyhow::Result<Self> {
        let inbox = Arc::new(Mutex::new(Inbox { posts: Vec::new(), behaviour: Arc::new(|_| Reply::Status(204)) }));
        let listener = TcpListener::bind((Self::HOST, 0)).await?;
        let url = Url::parse(&format!("http://{}/hook?key=in-the-url", listener.local_addr()?))?;
        let held = Arc::new(Semaphore::new(0));
        let (kept, hold) = (inbox.clone(), held.clone());
        let router = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let post = Post { headers, body: String::from_utf8_lossy(&body).into_owned() };
            let reply = keep(&kept, post);
            answer(reply, hold.clone())
        });
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, inbox, held, server })
    }

    /// Everything that was posted, in order.
    pub fn posts(&self) -> Vec<Post> {
        open(&self.inbox).posts.clone()
    }

    /// Takes what was posted away.
    pub fn take(&self) -> Vec<Post> {
        std::mem::take(&mut open(&self.inbox).posts)
    }

    /// From now on everything is answered so.
    pub fn answer(&self, reply: Reply) {
        self.behave(move |_| reply);
    }

    /// Answers everything that is held, from now on at once.
    pub fn release(&self) {
        self.held.close();
    }

    /// From now on each post is answered as a function says.
    pub fn behave(&self, behaviour: impl Fn(&Post) -> Reply + Send + Sync + 'static) {
        open(&self.inbox).behaviour = Arc::new(behaviour);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Post {
    /// A header's text; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

fn open(inbox: &Mutex<Inbox>) -> MutexGuard<'_, Inbox> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(inbox: &Mutex<Inbox>, post: Post) -> Reply {
    let behaviour = open(inbox).behaviour.clone();
    let reply = behaviour(&post);
    open(inbox).posts.push(post);
    reply
}

async fn answer(reply: Reply, held: Arc<Semaphore>) -> Response {
    let status = |code| StatusCode::from_u16(code).unwrap_or(StatusCode::OK);
    match reply {
        Reply::Status(code) => status(code).into_response(),
        Reply::RetryAfter(code, when) => {
            (status(code), [(header::RETRY_AFTER, HeaderValue::from_static(when))]).into_response()
        }
        Reply::Long => vec![b'x'; 8 * 1024 * 1024].into_response(),
        Reply::Redirect => {
            (StatusCode::FOUND, [(header::LOCATION, HeaderValue::from_static("/elsewhere"))]).into_response()
        }
        Reply::Held => {
            // Closed: released.
            let _ = held.acquire().await;
            StatusCode::NO_CONTENT.into_response()
        }
        Reply::Silence => std::future::pending().await,
    }
}

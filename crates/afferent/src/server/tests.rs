//! Who holds a connection for nothing loses it.

use std::{convert::Infallible, num::NonZeroUsize, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::{get, post},
};
use futures::stream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Bounds, serve};

const PATIENCE: Duration = Duration::from_secs(60);
/// What is not let wait in the real server for longer than seconds.
const SHORT: Duration = Duration::from_millis(200);
const ASKED: &str = "GET / HTTP/1.1\r\nhost: here\r\n\r\n";

struct Server {
    address: std::net::SocketAddr,
    stop: CancellationToken,
    ended: JoinHandle<()>,
}

impl Server {
    async fn start(routes: Router, bounds: Bounds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let ended = tokio::spawn(serve(listener, routes, bounds, stop.clone()));
        Self { address, stop, ended }
    }

    async fn say(&self, words: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(words.as_bytes()).await.unwrap();
        stream
    }
}

fn short() -> Bounds {
    Bounds { silence: SHORT, ..Bounds::HERE }
}

fn greeting() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

/// What comes until the other side closes. One that resets has closed as well.
async fn rest(mut stream: TcpStream) -> String {
    let mut heard = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut heard)).await.expect("the connection stays open");
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn nobody_holds_a_connection_by_saying_nothing() {
    let server = Server::start(greeting(), short()).await;
    // The third might yet become HTTP/2, which begins alike; the last is HTTP/2 and then nothing.
    for words in ["", "GET / HTTP/1.1\r\nhost: he", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let heard = rest(server.say(words).await).await;
        assert!(!heard.contains("hello"), "{words}: {heard}");
    }
    let heard = rest(server.say(ASKED).await).await;
    assert!(heard.ends_with("hello"), "one that is idle is closed once it was answered: {heard}");
}

#[tokio::test]
async fn who_waits_for_an_answer_may_wait() {
    let sent = Arc::new(Notify::new());
    let (told, tell) = (sent.clone(), sent);
    let slow = move || async move {
        told.notified().await;
        "at last"
    };
    let routes = Router::new().route("/", get(slow)).route("/tell", post(async move || tell.notify_one()));
    let server = Server::start(routes, short()).await;
    let waiting = server.say(ASKED).await;
    // By the time that this one was closed for its silence, the other has waited as long.
    rest(server.say("").await).await;
    rest(server.say("POST /tell HTTP/1.1\r\nhost: here\r\ncontent-length: 0\r\n\r\n").await).await;
    let heard = rest(waiting).await;
    assert!(heard.ends_with("at last"), "{heard}");
}

#[tokio::test]
async fn one_address_holds_so_many_connections() {
    let server = Server::start(greeting(), Bounds { per_address: NonZeroUsize::new(2), ..Bounds::HERE }).await;
    let (first, _second) = (server.say("").await, server.say("").await);
    assert_eq!(rest(TcpStream::connect(server.address).await.unwrap()).await, "", "closed at once");
    drop(first);
    let closing = "GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";
    let answered = async {
        // When the place is free again is the server's to say.
        while !rest(server.say(closing).await).await.ends_with("hello") {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, answered).await.expect("a place that was given back");
}

#[tokio::test]
async fn who_does_not_take_what_is_sent_is_given_up() {
    let body = CancellationToken::new();
    let guard = Arc::new(std::sync::Mutex::new(Some(body.clone().drop_guard())));
    let endless = move || async move {
        let guard = guard.lock().unwrap().take();
        Body::from_stream(stream::unfold(guard, async |guard: Option<DropGuard>| {
            Some((Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 16 * 1024])), guard))
        }))
    };
    let server = Server::start(Router::new().route("/", get(endless)), Bounds { stalled: SHORT, ..Bounds::HERE }).await;
    let _reads_nothing = server.say(ASKED).await;
    timeout(PATIENCE, body.cancelled()).await.expect("the answer is still being sent");
}

#[tokio::test]
async fn idle_connections_do_not_keep_a_server_from_stopping() {
    let server = Server::start(greeting(), Bounds::HERE).await;
    let mut idle = server.say(ASKED).await;
    let mut heard = [0; 1024];
    let length = timeout(PATIENCE, idle.read(&mut heard)).await.unwrap().unwrap();
    assert!(length > 0);
    server.stop.cancel();
    timeout(PATIENCE, server.ended).await.expect("it stops").unwrap();
    assert_eq!(rest(idle).await, "");
}

//! Events over a WebSocket, to a client that others wrote.

use std::{net::SocketAddr, time::Duration};

use futures::{SinkExt, StreamExt};
use model::{Actor, Kind, Role, Scopes, Secret, User};
use serde_json::Value;
use testkit::{Engine, run};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue, protocol::CloseFrame},
};

use crate::{
    doors::Doors,
    listener::{NEVER, grow},
};

/// A socket that is open.
struct Client(WebSocketStream<TcpStream>);

/// A way to ask for one.
struct Ask {
    path: String,
    headers: Vec<(&'static str, String)>,
}

fn ask(path: &str) -> Ask {
    Ask { path: path.to_owned(), headers: Vec::new() }
}

impl Ask {
    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn bearer(self, token: &Secret) -> Self {
        self.with("authorization", format!("Bearer {}", token.expose()))
    }

    /// The socket and the protocol that was answered, or the status of a refusal.
    async fn open(self, server: SocketAddr) -> Result<(Client, Option<String>), u16> {
        let mut request = format!("ws://{server}{}", self.path).into_client_request().unwrap();
        for (name, value) in self.headers {
            request.headers_mut().append(name, HeaderValue::from_str(&value).unwrap());
        }
        let socket = TcpSocket::new_v4().unwrap();
        // One that does not read is to be noticed before it has been sent very much.
        socket.set_recv_buffer_size(4096).unwrap();
        match client_async(request, socket.connect(server).await.unwrap()).await {
            Ok((stream, answer)) => {
                let protocol = answer.headers().get("sec-websocket-protocol");
                Ok((Client(stream), protocol.map(|it| it.to_str().unwrap().to_owned())))
            }
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    async fn connect(self, server: SocketAddr) -> Client {
        self.open(server).await.map(|(client, _)| client).expect("refused")
    }
}

impl Client {
    async fn message(&mut self) -> Option<Message> {
        timeout(NEVER, self.0.next()).await.expect("nothing came").map(|message| message.unwrap())
    }

    /// The next thing that is said; pings are passed over.
    async fn next(&mut self) -> Value {
        loop {
            match self.message().await.expect("the socket closed") {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Says something, so many times.
    async fn say(&mut self, count: usize) {
        for _ in 0..count {
            self.0.send(Message::text("hello")).await.unwrap();
        }
    }

    /// So many positions.
    async fn positions(&mut self, count: usize) -> Vec<i64> {
        let mut positions = Vec::new();
        while positions.len() < count {
            positions.push(position(&self.next().await));
        }
        positions
    }

    /// How the socket is closed, and what was said before.
    async fn close(&mut self) -> (CloseFrame, Vec<Value>) {
        let mut said = Vec::new();
        loop {
            match self.message().await {
                Some(Message::Close(Some(frame))) => return (frame, said),
                Some(Message::Text(text)) => said.push(serde_json::from_str(&text).unwrap()),
                Some(Message::Ping(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

fn position(said: &Value) -> i64 {
    said["event"]["position"].as_i64().or_else(|| said["position"].as_i64()).unwrap()
}

async fn reader(doors: &Doors) -> (User, Secret) {
    let ada = doors.somebody("ada@example.org", Role::Member).await;
    let token = doors.token(&ada, Scopes::personal()).await;
    (ada, token)
}

#[tokio::test]
async fn events_are_told_as_messages() {
    for database in Engine::all() {
        let doors = Doors::of(database, |_| ()).await;
        let server = doors.listen().await;
        let (ada, token) = reader(&doors).await;
        grow(&doors, ada.id, &[Kind::Sleep; 2]).await;
        let mut client = ask("/ws/events?after=1").bearer(&token).connect(server).await;
        assert_eq!(client.next().await, serde_json::json!({ "type": "cursor", "position": 1 }));
        grow(&doors, ada.id, &[Kind::Activity]).await;
        let listed = doors.send(crate::doors::get("/api/v1/events?after=1").bearer(&token)).await.json();
        for event in listed["events"].as_array().unwrap() {
            assert_eq!(client.next().await, serde_json::json!({ "type": "event", "event": event }));
        }
        let mut nights = ask("/ws/events?after=0&kinds=sleep").bearer(&token).connect(server).await;
        assert_eq!(nights.positions(4).await, [0, 1, 2, 3]);
        run(&doors.house.test, "update logs set floor = 2").await.unwrap();
        let mut late = ask("/ws/events?after=1").bearer(&token).connect(server).await;
        assert_eq!(position(&late.next().await), 1);
        assert_eq!(late.next().await, serde_json::json!({ "type": "reset", "floor": 2, "head": 3 }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_position_comes_once_however_often_a_client_comes_back() {
    for database in Engine::all() {
        let doors = Doors::of(database, |_| ()).await;
        let server = doors.listen().await;
        let (ada, token) = reader(&doors).await;
        let growing = async {
            for round in 0..50 {
                grow(&doors, ada.id, &vec![Kind::Sleep; 1 + round % 5]).await;
            }
        };
        let reading = async {
            let mut positions = Vec::new();
            while positions.len() < 150 {
                let after = positions.last().copied().unwrap_or(0);
                let mut client = ask(&format!("/ws/events?after={after}")).bearer(&token).connect(server).await;
                let left = 150 - positions.len();
                positions.extend(client.positions(1 + left.min(11)).await.into_iter().skip(1));
            }
            positions
        };
        let positions = tokio::join!(growing, reading).1;
        assert!(positions.iter().copied().eq(1..=150), "{positions:?}");
    }
}

#[tokio::test]
async fn a_socket_is_for_those_who_may_read() {
    let doors = Doors::open().await;
    let server = doors.listen().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let ben = doors.somebody("ben@example.org", Role::Member).await;
    let token = doors.token(&ada, Scopes::personal()).await;
    let narrow = doors.token(&ada, Scopes::parse("context:read").unwrap()).await;
    let shown = |token: &Secret| format!("afferent.events, bearer.{}", token.expose());
    let browser = |origin: &str| ask("/ws/events").with("cookie", cookie.clone()).with("origin", origin);
    for (asked, status) in [
        (ask("/ws/events"), 401),
        (ask("/ws/events").bearer(&narrow), 403),
        (ask(&format!("/ws/events?user_id={}", ben.id)).bearer(&token), 403),
        (ask("/ws/events?after=1").bearer(&token), 422),
        (ask("/ws/events?kind=sleep").bearer(&token), 422),
        (ask("/ws/events").with("sec-websocket-protocol", "afferent.events, bearer.aff_u_guessed"), 401),
        (ask("/ws/events").with("cookie", cookie.clone()), 403),
        (browser("https://elsewhere.test"), 403),
        (browser("null"), 403),
    ] {
        assert_eq!(asked.open(server).await.err(), Some(status));
    }
    for origin in ["http://afferent.test", "https://app.test", &format!("http://{server}")] {
        assert!(browser(origin).open(server).await.is_ok(), "{origin}");
    }
    let asked =
        ask("/ws/events").with("sec-websocket-protocol", shown(&token)).with("origin", "https://elsewhere.test");
    let (mut client, protocol) = asked.open(server).await.expect("refused");
    assert_eq!(protocol.as_deref(), Some("afferent.events"), "the token is not told again");
    assert_eq!(client.positions(1).await, [0]);
    let plain = doors.send(crate::doors::get("/ws/events").bearer(&token)).await;
    assert_eq!((plain.status, plain.problem().as_str()), (400, "malformed"));
}

#[tokio::test]
async fn a_socket_closes_when_its_reader_may_read_no_more() {
    for database in Engine::all() {
        let doors = Doors::of(database, |_| ()).await;
        let server = doors.listen().await;
        let (ada, secret) = reader(&doors).await;
        let mut told = ask("/ws/events").bearer(&secret).connect(server).await;
        let mut idle = ask("/ws/events").bearer(&secret).connect(server).await;
        assert_eq!((told.positions(1).await, idle.positions(1).await), (vec![0], vec![0]));
        let (token, _) = doors.identity.find_token(&secret).await.unwrap().unwrap();
        doors.identity.revoke_token(&Actor::User(ada.id), ada.id, token.id).await.unwrap();
        grow(&doors, ada.id, &[Kind::Sleep]).await;
        let (frame, said) = told.close().await;
        assert_eq!((u16::from(frame.code), said.len()), (1008, 0), "what comes after is not told");
        let (frame, _) = doors.house.while_time_passes(idle.close()).await;
        assert_eq!(u16::from(frame.code), 1008, "without any event, too");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_sent_away_with_its_cursor() {
    let doors = Doors::open().await;
    let server = doors.listen().await;
    let (ada, token) = reader(&doors).await;
    let mut client = ask("/ws/events").bearer(&token).connect(server).await;
    assert_eq!(client.positions(1).await, [0]);
    for _ in 0..60 {
        grow(&doors, ada.id, &[Kind::Sleep; 400]).await;
    }
    // Nobody reads along any more.
    doors.house.while_time_passes(timeout(NEVER, doors.house.engine.drain())).await.expect("it is still connected");
    let (frame, said) = client.close().await;
    assert_eq!(u16::from(frame.code), 1013);
    let last = position(said.last().unwrap());
    assert_eq!(frame.reason.as_str(), format!("too slow, come back after {last}"));
    assert!(said.iter().map(position).eq(1..=last) && last < 24_000, "{last}");
    let mut again = ask(&format!("/ws/events?after={last}")).bearer(&token).connect(server).await;
    assert_eq!(again.positions(3).await, [last, last + 1, last + 2]);
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let doors = Doors::open().await;
    let server = doors.listen().await;
    let (_, token) = reader(&doors).await;
    let mut silent = ask("/ws/events").bearer(&token).connect(server).await;
    assert_eq!(silent.positions(1).await, [0]);
    let mut answering = ask("/ws/events").bearer(&token).connect(server).await;
    assert_eq!(answering.positions(1).await, [0]);
    // Reading is what answers pings: one reads, the other does not.
    for _ in 0..8 {
        doors.house.clock.turn(Duration::from_secs(20));
        assert!(matches!(answering.message().await, Some(Message::Ping(_))));
        // The answer goes out with the next look.
        let _ = timeout(Duration::from_millis(50), answering.0.next()).await;
    }
    let mut pings = 0;
    while let Some(Ok(Message::Ping(_))) = timeout(NEVER, silent.0.next()).await.expect("it is still open") {
        pings += 1;
    }
    // Those that were on their way when the socket closed may be lost.
    assert!(pings <= 3, "{pings}");
}

#[tokio::test]
async fn sockets_close_with_the_server() {
    let doors = Doors::open().await;
    let server = doors.listen().await;
    let (_, token) = reader(&doors).await;
    let mut client = ask("/ws/events").bearer(&token).connect(server).await;
    assert_eq!(client.positions(1).await, [0]);
    doors.house.engine.close_streams();
    assert_eq!(u16::from(client.close().await.0.code), 1001);
    timeout(NEVER, doors.house.engine.drain()).await.expect("somebody is still connected");
}

#[tokio::test]
async fn a_client_may_talk_a_little() {
    let doors = Doors::open().await;
    let server = doors.listen().await;
    let (ada, token) = reader(&doors).await;
    let mut client = ask("/ws/events").bearer(&token).connect(server).await;
    assert_eq!(client.positions(1).await, [0]);
    for round in 1..=8 {
        client.say(10).await;
        grow(&doors, ada.id, &[Kind::Sleep]).await;
        client.say(10).await;
        assert_eq!(client.positions(1).await, [round]);
        doors.house.clock.turn(Duration::from_secs(20));
        assert!(matches!(client.message().await, Some(Message::Ping(_))));
    }
}

#[tokio::test]
async fn a_client_that_talks_without_end_is_sent_away() {
    let doors = Doors::open().await;
    let server = doors.listen().await;
    let (_, token) = reader(&doors).await;
    let mut client = ask("/ws/events").bearer(&token).connect(server).await;
    assert_eq!(client.positions(1).await, [0]);
    client.say(65).await;
    assert_eq!(u16::from(client.close().await.0.code), 1008);
    doors.house.while_time_passes(timeout(NEVER, doors.house.engine.drain())).await.expect("it is still connected");
}

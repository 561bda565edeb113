//! A reader of a person's events that is cut off or leaves and comes back with its cursor, or stays until it is told to go.

use std::{pin::pin, time::Duration};

use anyhow::{Context, bail, ensure};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use model::Random;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::frame::coding::CloseCode},
};

use crate::api::Api;

/// A reader leaves by itself after so long at most, and is back at once.
const STAYS_MILLIS: f64 = 600.0;
/// Whoever is not let in knocks again after so long.
const KNOCKS_EVERY: Duration = Duration::from_millis(20);
/// Nobody waits for longer than this for an event that is there.
const PATIENCE: Duration = Duration::from_secs(60);

/// How events are read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Sse,
    Socket,
}

/// Something that a stream said: how far it is, and perhaps an event.
struct Heard {
    cursor: i64,
    event: Option<Value>,
}

/// A reader at work.
pub(crate) struct Reader {
    head: watch::Sender<Option<i64>>,
    reading: JoinHandle<anyhow::Result<Account>>,
}

/// What a reader has to tell.
pub(crate) struct Account {
    /// Every event that it was told, in the order in which that happened.
    pub(crate) events: Vec<Value>,
    /// How often it came.
    pub(crate) visits: usize,
}

impl Reader {
    /// Begins to read from the first event on.
    pub(crate) fn begin(way: Way, api: Api) -> Self {
        let (head, known) = watch::channel(None);
        Self { head, reading: tokio::spawn(async move { read(way, &api, known).await }) }
    }

    /// Lets it come as far as the log, and tell what it has read.
    pub(crate) async fn end_at(self, head: i64) -> anyhow::Result<Account> {
        self.head.send_replace(Some(head));
        tokio::time::timeout(PATIENCE, self.reading).await.context("a reader does not come to the end")??
    }
}

/// Comes in and stays. What is left to do is to read until the stream ends, which fails unless that is said.
pub(crate) async fn stay(way: Way, api: &Api) -> anyhow::Result<impl Future<Output = anyhow::Result<()>> + use<>> {
    let said = enter(way, api, 0).await?.context("nobody lets a reader in")?;
    Ok(async move { said.try_for_each(async |_| Ok(())).await.with_context(|| format!("{way:?}: it is cut off")) })
}

async fn read(way: Way, api: &Api, head: watch::Receiver<Option<i64>>) -> anyhow::Result<Account> {
    let (mut cursor, mut account) = (0, Account { events: Vec::new(), visits: 0 });
    while head.borrow().is_none_or(|head| cursor < head) {
        let Some(said) = enter(way, api, cursor).await? else {
            tokio::time::sleep(KNOCKS_EVERY).await;
            continue;
        };
        account.visits += 1;
        let mut said = pin!(said);
        let stay = Duration::from_secs_f64(Random::system().fraction() * STAYS_MILLIS / 1000.0);
        let leaves_at = Instant::now() + stay;
        // Whatever ends the visit: another one follows.
        while let Ok(Some(Ok(heard))) = timeout_at(leaves_at, said.next()).await {
            ensure!(heard.cursor >= cursor, "{way:?}: it goes back from {cursor} to {}", heard.cursor);
            cursor = heard.cursor;
            account.events.extend(heard.event);
        }
    }
    Ok(account)
}

type Said = futures::stream::BoxStream<'static, anyhow::Result<Heard>>;

/// Comes in after a cursor, unless nobody is there to let anybody in.
async fn enter(way: Way, api: &Api, cursor: i64) -> anyhow::Result<Option<Said>> {
    match way {
        Way::Sse => enter_by_sse(api, cursor).await,
        Way::Socket => enter_by_socket(api, cursor).await,
    }
}

async fn enter_by_sse(api: &Api, cursor: i64) -> anyhow::Result<Option<Said>> {
    let request = api.request(Method::GET, "/api/v1/events/stream").header("accept", "text/event-stream");
    let Ok(answer) = request.header("last-event-id", cursor).send().await else { return Ok(None) };
    if may_pass(answer.status())? {
        return Ok(None);
    }
    let chunks = answer.bytes_stream().map_err(anyhow::Error::from);
    let blocks = chunks.map_ok(|chunk| chunk.to_vec()).boxed();
    Ok(Some(stream::try_unfold((blocks, String::new()), next_block).boxed()))
}

/// The next block that says how far the stream is.
async fn next_block<S: Stream<Item = anyhow::Result<Vec<u8>>> + Unpin>(
    (mut chunks, mut unread): (S, String),
) -> anyhow::Result<Option<(Heard, (S, String))>> {
    loop {
        while let Some((block, rest)) = unread.split_once("\n\n") {
            let field = |name| block.lines().filter_map(|line| line.split_once(": ")).find(|it| it.0 == name);
            let event = field("data").map(|(_, data)| serde_json::from_str(data)).transpose()?;
            let cursor = field("id").map(|(_, id)| id.parse()).transpose()?;
            ensure!(field("event").is_none_or(|(_, word)| word != "reset"), "nothing was pruned");
            unread = rest.to_owned();
            if let Some(cursor) = cursor {
                return Ok(Some((Heard { cursor, event }, (chunks, unread))));
            }
        }
        match chunks.next().await {
            Some(chunk) => unread.push_str(std::str::from_utf8(&chunk?)?),
            None => return Ok(None),
        }
    }
}

async fn enter_by_socket(api: &Api, cursor: i64) -> anyhow::Result<Option<Said>> {
    let url = format!("{}/ws/events?after={cursor}", api.url.replacen("http", "ws", 1));
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {}", api.token).parse()?);
    let socket = match connect_async(request).await {
        Ok((socket, _)) => socket,
        Err(tungstenite::Error::Http(refusal)) => {
            may_pass(StatusCode::from_u16(refusal.status().as_u16())?)?;
            return Ok(None);
        }
        Err(_) => return Ok(None),
    };
    let texts = socket.map_err(anyhow::Error::from).try_filter_map(async |message| match message {
        Message::Text(text) => heard(&serde_json::from_str(&text)?).map(Some),
        Message::Close(Some(frame)) if frame.code == CloseCode::Away => Ok(None),
        Message::Close(other) => bail!("closed with {other:?}"),
        _ => Ok(None),
    });
    Ok(Some(texts.boxed()))
}

fn heard(message: &Value) -> anyhow::Result<Heard> {
    let (event, cursor) = match message["type"].as_str() {
        Some("event") => (Some(message["event"].clone()), &message["event"]["position"]),
        Some("cursor") => (None, &message["position"]),
        _ => bail!("{message} is no answer to anything"),
    };
    Ok(Heard { cursor: cursor.as_i64().context("a position")?, event })
}

/// Whether it is a refusal that may pass; one that does not is an error.
fn may_pass(status: StatusCode) -> anyhow::Result<bool> {
    ensure!(status.is_success() || status.is_server_error(), "a reader is refused with {status}");
    Ok(!status.is_success())
}

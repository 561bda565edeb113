//! Readers of one person's events, over WebSockets.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use futures::{SinkExt, StreamExt};
use model::Clock;
use serde_json::Value;
use tokio::{
    net::TcpStream,
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};

use crate::latency::Latencies;

/// So many knock at the same time.
const AT_ONCE: usize = 64;
/// Thousands of readers have to fit beside the server.
const BUFFER: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(60);

type Socket = WebSocketStream<TcpStream>;

/// An event, as one reader saw it.
struct Seen {
    position: i64,
    /// Milliseconds from when it was written to when it came.
    late: f64,
}

/// Readers that are connected, until dropped.
pub(crate) struct Readers {
    count: usize,
    seen: mpsc::UnboundedReceiver<Seen>,
    /// How many readers saw a position.
    counts: BTreeMap<i64, usize>,
    _reading: JoinSet<()>,
}

impl Readers {
    /// Connects many readers.
    pub(crate) async fn connect(address: SocketAddr, token: &str, count: usize) -> anyhow::Result<Self> {
        let (tell, seen) = mpsc::unbounded_channel();
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut connecting = JoinSet::new();
        for _ in 0..count {
            let (places, token) = (places.clone(), token.to_owned());
            connecting.spawn(async move {
                let _place = places.acquire_owned().await?;
                connect(address, &token).await
            });
        }
        let mut reading = JoinSet::new();
        while let Some(socket) = connecting.join_next().await {
            reading.spawn(read(socket??, tell.clone()));
        }
        Ok(Self { count, seen, counts: BTreeMap::new(), _reading: reading })
    }

    /// Waits for whoever sees something next; says whether that was in time.
    pub(crate) async fn somebody_sees(&mut self, within: Duration) -> bool {
        matches!(timeout(within, self.seen.recv()).await, Ok(Some(_)))
    }

    /// Waits until every reader has seen what comes after a position, up to another; says how late each was.
    pub(crate) async fn all_see(&mut self, after: i64, head: i64) -> anyhow::Result<Latencies> {
        let mut latencies = Latencies::default();
        while ((after + 1)..=head).any(|position| self.counts.get(&position) != Some(&self.count)) {
            let seen = timeout(PATIENCE, self.seen.recv()).await;
            let seen = seen.with_context(|| format!("not all have seen {head}: {:?}", self.counts))?;
            let Some(seen) = seen else { bail!("no reader is left") };
            *self.counts.entry(seen.position).or_default() += 1;
            latencies.add_millis(seen.late);
        }
        self.counts.retain(|position, _| *position > head);
        Ok(latencies)
    }
}

async fn connect(address: SocketAddr, token: &str) -> anyhow::Result<Socket> {
    let mut request = format!("ws://{address}/ws/events").into_client_request()?;
    request.headers_mut().insert("authorization", HeaderValue::from_str(&format!("Bearer {token}"))?);
    let stream = TcpStream::connect(address).await?;
    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
    let (socket, _) = client_async_with_config(request, stream, Some(config)).await.context("no WebSocket")?;
    Ok(socket)
}

/// Reads until the end. The library answers pings when it is told to send what it has.
async fn read(mut socket: Socket, tell: mpsc::UnboundedSender<Seen>) {
    let clock = Clock::system();
    while let Some(Ok(message)) = socket.next().await {
        let now = clock.now();
        match message {
            Message::Text(text) => {
                if let Some(seen) = seen(&text, now) {
                    let _ = tell.send(seen);
                }
            }
            Message::Ping(_) => drop(socket.flush().await),
            _ => {}
        }
    }
}

fn seen(text: &str, now: jiff::Timestamp) -> Option<Seen> {
    let message: Value = serde_json::from_str(text).ok()?;
    let event = message.get("event")?;
    let written: jiff::Timestamp = event.get("at")?.as_str()?.parse().ok()?;
    let late = now.duration_since(written).as_secs_f64() * 1000.0;
    Some(Seen { position: event.get("position")?.as_i64()?, late })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_how_late_it_is() {
        let text = r#"{"type":"event","event":{"position":7,"at":"2026-01-26T15:00:00Z"}}"#;
        let seen = seen(text, "2026-01-26T15:00:00.250Z".parse().unwrap()).unwrap();
        assert_eq!((seen.position, seen.late), (7, 250.0));
    }

    #[test]
    fn where_nothing_happened_nothing_was_seen() {
        assert!(seen(r#"{"type":"cursor","position":7}"#, jiff::Timestamp::UNIX_EPOCH).is_none());
    }
}

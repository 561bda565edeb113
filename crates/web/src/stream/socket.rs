//! Events over a WebSocket.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{
        State as Extract,
        ws::{CloseFrame, Message, WebSocket, close_code},
    },
    response::Response,
};
use engine::{Said, Via};
use futures::SinkExt;
use jiff::{SignedDuration, Timestamp};
use model::Clock;
use tokio::time::timeout;

use super::{
    End,
    knock::{Knock, PROTOCOL},
    reading::{Reading, StreamQuery},
};
use crate::{
    State,
    api::{Subject, Wanted},
    extract::Query,
    problem::{Problem, Problems},
};

/// How often a reader is pinged, and looked at.
const PING_EVERY: SignedDuration = SignedDuration::from_secs(20);
/// A reader that says nothing after so many pings, for a minute that is, has left. A clock that is turned is no proof.
const PINGS: u32 = 3;
/// A reader that takes nothing for so long is too slow.
const PATIENCE: Duration = Duration::from_secs(10);
/// Saying goodbye to another process is not waited for any longer.
const FAREWELL: Duration = Duration::from_secs(1);

/// Readers are many and say little.
const READ_BUFFER: usize = 1024;
const WRITE_BUFFER: usize = 8 * 1024;
const MOST_UNSENT: usize = 64 * 1024;
const LARGEST_MESSAGE: usize = 4 * 1024;

/// Sends events as they happen over a WebSocket, each position once.
///
/// The messages are JSON. `{"type":"event","event":{…}}` holds what `/api/v1/events` lists.
/// `{"type":"cursor","position":N}` moves the cursor past events that are not for this reader.
/// `{"type":"reset","floor":N,"head":N}` says that events up to `floor` are not kept any more, and goes on after `head`. A
/// browser shows its token as a protocol: `new WebSocket(url, ["afferent.events", "bearer.TOKEN"])`. A reader that is too
/// slow is closed with 1013, its cursor in the reason; one that may not read any more with 1008.
#[utoipa::path(get, path = "/ws/events", operation_id = "open_event_socket", tag = "records", params(StreamQuery, Wanted, Subject),
    responses((status = 101, description = "The WebSocket is open."), Problems))]
pub(crate) async fn open(
    Extract(state): Extract<State>,
    knock: Knock,
    Query(query): Query<StreamQuery>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let Knock { subject, stay, upgrade } = knock;
    let reading = Reading::begin(state, &subject, stay, wanted.filter()?, query.after, Via::Socket).await?;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MOST_UNSENT)
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| serve(socket, reading)))
}

async fn serve(socket: WebSocket, reading: Reading) {
    let clock = reading.state.engine.clock().clone();
    let mut open = Open { socket, clock, sent: reading.position() };
    let end = match open.pump(reading).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    open.close(&end).await;
}

/// A socket that is open.
struct Open {
    socket: WebSocket,
    clock: Clock,
    /// The position of the last message that is on its way.
    sent: i64,
}

impl Open {
    async fn pump(&mut self, mut reading: Reading) -> Result<Infallible, End> {
        self.send(&[Said::Cursor(self.sent)]).await?;
        let mut unanswered = 0;
        let mut ping_at = self.next_ping();
        loop {
            tokio::select! {
                said = reading.next() => self.send(&said?).await?,
                message = self.socket.recv() => match message {
                    // Whatever it says: it lives.
                    Some(Ok(_)) => unanswered = 0,
                    Some(Err(_)) | None => return Err(End::Left),
                },
                () = self.clock.sleep_until(ping_at) => {
                    if unanswered == PINGS {
                        return Err(End::Left);
                    }
                    reading.still_may().await?;
                    self.ping().await?;
                    unanswered += 1;
                    ping_at = self.next_ping();
                }
            }
        }
    }

    async fn send(&mut self, said: &[Said]) -> Result<(), End> {
        let Self { socket, clock, sent } = self;
        let sending = async {
            for said in said {
                socket.feed(Message::Text(write(said).into())).await?;
                *sent = said.position();
            }
            socket.flush().await
        };
        tokio::select! {
            done = sending => return done.map_err(|_| End::Left),
            () = clock.sleep(PATIENCE) => {}
        }
        Err(End::Behind(Some(self.sent)))
    }

    fn next_ping(&self) -> Timestamp {
        self.clock.now().saturating_add(PING_EVERY).unwrap_or(Timestamp::MAX)
    }

    async fn ping(&mut self) -> Result<(), End> {
        tokio::select! {
            done = self.socket.send(Message::Ping(Default::default())) => done.map_err(|_| End::Left),
            () = self.clock.sleep(PATIENCE) => Err(End::Behind(Some(self.sent))),
        }
    }

    /// Says why, if that can still be said.
    async fn close(mut self, end: &End) {
        let (code, reason) = match end {
            End::Closing => (close_code::AWAY, "this server stops".to_owned()),
            End::NoLonger => (close_code::POLICY, "not allowed any more".to_owned()),
            End::Behind(position) => {
                (close_code::AGAIN, format!("too slow, come back after {}", position.unwrap_or(0)))
            }
            End::Trouble => (close_code::ERROR, "come back soon".to_owned()),
            End::Left => return,
        };
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = timeout(FAREWELL, self.socket.send(Message::Close(Some(frame)))).await;
    }
}

fn write(said: &Said) -> String {
    match said {
        Said::Event(told) => format!(r#"{{"type":"event","event":{}}}"#, told.json()),
        Said::Cursor(position) => format!(r#"{{"type":"cursor","position":{position}}}"#),
        Said::Reset { floor, head } => format!(r#"{{"type":"reset","floor":{floor},"head":{head}}}"#),
    }
}

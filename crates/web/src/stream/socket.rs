//! Events over a WebSocket.

use std::{
    convert::Infallible,
    pin::{Pin, pin},
    time::Duration,
};

use axum::{
    extract::{
        State as Extract,
        ws::{CloseFrame, Message, WebSocket, close_code},
    },
    response::Response,
};
use engine::{Said, Via};
use futures::SinkExt;
use model::Clock;
use tokio::time::timeout;

use super::{
    End,
    knock::{Knock, PROTOCOL},
    places::Place,
    reading::{Reading, StreamQuery},
};
use crate::{
    State,
    api::Subject,
    declared::{Also, Problems},
    extract::Query,
    problem::Problem,
};

/// How often a reader is pinged, and looked at.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A reader that says nothing after so many pings, for a minute that is, has left. A clock that is turned is no proof.
const PINGS: u32 = 3;
/// A reader has nothing to say but that it lives: who says more than so much between two pings is sent away.
const MOST_HEARD: u32 = 64;
/// A reader that takes nothing for so long is too slow.
const PATIENCE: Duration = Duration::from_secs(10);
/// Who is told why it was sent away may have to take what was sent before first.
const FAREWELL: Duration = Duration::from_secs(10);

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
/// slow is closed with 1013, its cursor in the reason; one that may not read any more with 1008, and so is one
/// that sends messages without end.
#[utoipa::path(get, path = "/ws/events", operation_id = "open_event_socket", tag = "records", params(StreamQuery, Subject),
    responses((status = 101, description = "The WebSocket is open."), Problems, Also<400>, Also<429>))]
pub(crate) async fn open(
    Extract(state): Extract<State>,
    knock: Knock,
    Query(query): Query<StreamQuery>,
) -> Result<Response, Problem> {
    let Knock { subject, stay, upgrade } = knock;
    let (after, filter) = (query.after, query.filter()?);
    let place = state.places.take(subject.actor(), Some(subject.user))?;
    let reading = Reading::begin(state, &subject, stay, filter, after, Via::Socket).await?;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MOST_UNSENT)
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| serve(socket, reading, place)))
}

async fn serve(socket: WebSocket, reading: Reading, _place: Place) {
    let clock = reading.state.engine.clock().clone();
    let _open = reading.open.clone();
    let mut open = Open { socket, clock, sent: reading.position(), heard: 0, unanswered: 0 };
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
    /// Messages since the last ping.
    heard: u32,
    /// Pings since the last message.
    unanswered: u32,
}

/// What there is to do.
enum Due {
    Tell(Vec<Said>),
    Ping,
}

impl Open {
    async fn pump(&mut self, mut reading: Reading) -> Result<Infallible, End> {
        self.send(&[Said::Cursor(self.sent)]).await?;
        let clock = self.clock.clone();
        let mut ping = pin!(clock.sleep(PING_EVERY));
        loop {
            match self.wait(&mut reading, ping.as_mut()).await? {
                Due::Tell(said) => self.send(&said).await?,
                Due::Ping => {
                    reading.still_may().await?;
                    self.ping().await?;
                    ping.set(clock.sleep(PING_EVERY));
                }
            }
        }
    }

    /// Waits for something to do. What the reader says meanwhile does not make what is being read begin anew.
    async fn wait(&mut self, reading: &mut Reading, mut ping: Pin<&mut impl Future<Output = ()>>) -> Result<Due, End> {
        let mut next = pin!(reading.next());
        loop {
            tokio::select! {
                said = next.as_mut() => return said.map(Due::Tell),
                message = self.socket.recv() => match message {
                    Some(Ok(_)) => self.hear()?,
                    Some(Err(_)) | None => return Err(End::Left),
                },
                () = ping.as_mut() => return Ok(Due::Ping),
            }
        }
    }

    /// Whatever a message says: the reader lives.
    fn hear(&mut self) -> Result<(), End> {
        self.unanswered = 0;
        self.heard += 1;
        if self.heard > MOST_HEARD { Err(End::TooLoud) } else { Ok(()) }
    }

    async fn send(&mut self, said: &[Said]) -> Result<(), End> {
        let Self { socket, clock, sent, .. } = self;
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

    async fn ping(&mut self) -> Result<(), End> {
        if self.unanswered == PINGS {
            return Err(End::Left);
        }
        self.unanswered += 1;
        self.heard = 0;
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
            End::TooLoud => (close_code::POLICY, "there is nothing to say so much about".to_owned()),
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

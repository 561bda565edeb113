//! What server-sent events go through: a short pipe, which a reader that does not read stops up.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    http::HeaderName,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures::{Stream, stream};
use model::Clock;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::End;

/// How many events wait in it.
const LENGTH: usize = 32;
/// A reader that takes nothing for so long is too slow.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a browser waits before it comes back.
const COME_BACK: Duration = Duration::from_secs(2);
/// Proxies that gather answers let a stream pass when it says so.
const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// The end that events are put in at.
pub(super) struct Pipe {
    clock: Clock,
    events: mpsc::Sender<Event>,
    last: Arc<Mutex<Option<Event>>>,
}

impl Pipe {
    /// A pipe, and the answer that it leads to.
    pub(super) fn new(clock: Clock) -> (Self, Response) {
        let (events, end) = mpsc::channel(LENGTH);
        let last = Arc::new(Mutex::new(None));
        let answer = Sse::new(pour(end, last.clone()));
        (Self { clock, events, last }, ([UNBUFFERED], answer).into_response())
    }

    /// Puts an event in, when there is room soon enough.
    pub(super) async fn put(&self, event: Event) -> Result<(), End> {
        let event = match self.events.try_send(event) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(End::Left),
            Err(TrySendError::Full(event)) => event,
        };
        tokio::select! {
            put = self.events.send(event) => put.map_err(|_| End::Left),
            () = self.clock.sleep(PATIENCE) => Err(End::Behind(None)),
        }
    }

    /// Says where the reader is to begin, and when to come back.
    pub(super) async fn open(&self, position: Option<i64>) -> Result<(), End> {
        let event = Event::default().retry(COME_BACK);
        self.put(position.into_iter().fold(event, |event, position| event.id(position.to_string()))).await
    }

    /// Shows that the stream is alive.
    pub(super) async fn beat(&self) -> Result<(), End> {
        self.put(Event::default().comment("")).await
    }

    /// Ends when the reader has left.
    pub(super) async fn left(&self) {
        self.events.closed().await;
    }

    /// Ends the stream. One that is too slow is told so, after what it has not taken yet.
    pub(super) fn close(self, end: &End, position: Option<i64>) {
        if matches!(end, End::Behind(_)) {
            let event = Event::default().event("behind").data("{}");
            let event = position.into_iter().fold(event, |event, position| event.id(position.to_string()));
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(event);
        }
    }
}

fn pour(end: mpsc::Receiver<Event>, last: Arc<Mutex<Option<Event>>>) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((end, last), async |(mut end, last)| {
        let next = end.recv().await.or_else(|| last.lock().unwrap_or_else(PoisonError::into_inner).take());
        next.map(|event| (Ok(event), (end, last)))
    })
}

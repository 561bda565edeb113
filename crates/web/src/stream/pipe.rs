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
use engine::{Engine, OpenStream};
use futures::{Stream, stream};
use model::Clock;
use tokio::sync::mpsc;

use super::{End, places::Place};

/// How many events wait in it.
const LENGTH: usize = 32;
/// A reader that takes longer for what it is told at once is too slow: meanwhile nobody asks whether it still may.
const PATIENCE: Duration = Duration::from_secs(10);
/// A browser waits for so long before it comes back, and up to twice as long: all of a server's come back to it.
const COME_BACK: Duration = Duration::from_secs(2);
/// Proxies that gather answers let a stream pass when it says so.
const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// The end that events are put in at.
pub(super) struct Pipe {
    clock: Clock,
    events: mpsc::Sender<Event>,
    last: Arc<Mutex<Option<Event>>>,
    come_back: Duration,
}

impl Pipe {
    /// A pipe, and the answer that it leads to, which keeps the reader's place and is open for as long as the system
    /// has not sent it all.
    pub(super) fn new(engine: &Engine, place: Place, open: Arc<OpenStream>) -> (Self, Response) {
        let (events, end) = mpsc::channel(LENGTH);
        let last = Arc::new(Mutex::new(None));
        let answer = Sse::new(pour(end, last.clone(), (place, open)));
        let come_back = COME_BACK.mul_f64(1.0 + engine.random().fraction());
        let clock = engine.clock().clone();
        (Self { clock, events, last, come_back }, ([UNBUFFERED], answer).into_response())
    }

    /// Puts an event in once there is room.
    pub(super) async fn put(&self, event: Event) -> Result<(), End> {
        self.events.send(event).await.map_err(|_| End::Left)
    }

    /// Puts in what is told at once, when there is room for all of it soon enough.
    pub(super) async fn in_time(&self, putting: impl Future<Output = Result<(), End>>) -> Result<(), End> {
        tokio::select! {
            biased;
            put = putting => put,
            () = self.clock.sleep(PATIENCE) => Err(End::Behind(None)),
        }
    }

    /// Says where the reader is to begin, and when to come back.
    pub(super) async fn open(&self, position: Option<i64>) -> Result<(), End> {
        let event = Event::default().retry(self.come_back);
        let event = position.into_iter().fold(event, |event, position| event.id(position.to_string()));
        self.in_time(self.put(event)).await
    }

    /// Shows that the stream is alive.
    pub(super) async fn beat(&self) -> Result<(), End> {
        self.in_time(self.put(Event::default().comment(""))).await
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

fn pour(
    end: mpsc::Receiver<Event>,
    last: Arc<Mutex<Option<Event>>>,
    held: (Place, Arc<OpenStream>),
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((end, last, held), async |(mut end, last, held)| {
        let next = end.recv().await.or_else(|| last.lock().unwrap_or_else(PoisonError::into_inner).take());
        next.map(|event| (Ok(event), (end, last, held)))
    })
}

#[cfg(test)]
mod tests {
    use engine::Via;
    use model::Actor;

    use super::*;
    use crate::stream::Places;

    #[test]
    fn a_stream_is_open_until_it_was_sent() {
        let (events, end) = mpsc::channel(LENGTH);
        let Ok(place) = Places::new(1).take(Actor::Operator, None) else { panic!("there is one place") };
        let open = Arc::new(OpenStream::new(Via::Sse));
        let is_open = Arc::downgrade(&open);
        let body = pour(end, Arc::default(), (place, open));
        assert!(events.try_send(Event::default()).is_ok());
        drop(events);
        assert!(is_open.upgrade().is_some(), "what it was told last has not been sent yet");
        drop(body);
        assert!(is_open.upgrade().is_none());
    }
}

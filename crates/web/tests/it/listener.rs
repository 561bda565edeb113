//! Somebody who listens to server-sent events, as a browser would, and what happens meanwhile.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures::StreamExt;
use jiff::Timestamp;
use model::{ChangeType, Kind, UserId};
use serde_json::Value;
use store::NewChange;
use tokio::time::timeout;

use crate::doors::{Ask, Doors};

/// Nothing here takes so long, unless it never comes.
pub(crate) const NEVER: Duration = Duration::from_secs(20);

/// A stream of events.
pub(crate) struct Listener {
    body: BodyDataStream,
    unread: String,
}

/// One event, as it was written.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Heard {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: String,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

impl Listener {
    pub(crate) async fn open(doors: &Doors, ask: Ask) -> Self {
        let response = doors.open_stream(ask).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), unread: String::new() }
    }

    /// The next event; none at the end. What only says when to come back is passed over.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        loop {
            while let Some((block, rest)) = self.unread.split_once("\n\n") {
                let heard = read(block);
                self.unread = rest.to_owned();
                if heard != Heard::default() {
                    return Some(heard);
                }
            }
            let bytes = timeout(NEVER, self.body.next()).await.expect("nothing came")?.unwrap();
            self.unread.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The ids of so many events.
    pub(crate) async fn ids(&mut self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        while ids.len() < count {
            ids.push(self.next().await.expect("the stream ended").id);
        }
        ids
    }

    /// Whether the stream ends, and nothing comes before.
    pub(crate) async fn ends(&mut self) -> bool {
        self.next().await.is_none()
    }
}

fn read(block: &str) -> Heard {
    let mut heard = Heard::default();
    for (name, value) in block.lines().filter_map(|line| line.split_once(": ")) {
        match name {
            "id" => heard.id = value.to_owned(),
            "event" => heard.event = value.to_owned(),
            "data" => heard.data.push_str(value),
            _ => {}
        }
    }
    heard
}

/// Adds changes to a person's log, as a sync would.
pub(crate) async fn grow(doors: &Doors, user: UserId, kinds: &[Kind]) {
    let db = &doors.house.test.db;
    let now = Timestamp::from_second(1_769_439_600).unwrap();
    let change = |kind: &Kind| NewChange {
        change_type: ChangeType::Added,
        record_id: db.random().id(now),
        kind: *kind,
        day: None,
    };
    let changes: Vec<_> = kinds.iter().map(change).collect();
    let mut tx = db.write().await.unwrap();
    tx.append_changes(user, "oura", db.random().id(now), &changes, now).await.unwrap();
    tx.commit().await.unwrap();
}

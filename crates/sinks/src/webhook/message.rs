//! What is sent: thin, so that whoever receives it asks for what they may see. No health value is in it.

use aws_lc_rs::digest;
use bytes::Bytes;
use jiff::Timestamp;
use model::{Change, UserId};
use serde::Serialize;

use crate::{Event, What};

/// A message as it is signed and sent.
pub(super) struct Message {
    /// The same for the same event, so that receivers can tell what they have seen.
    pub(super) id: String,
    pub(super) payload: Bytes,
}

/// The structure that the specification recommends.
#[derive(Serialize)]
struct Payload<'a, T> {
    r#type: &'a str,
    /// When it happened, not when it was sent.
    timestamp: Timestamp,
    data: T,
}

/// A change, and whose.
#[derive(Serialize)]
struct Changed<'a> {
    user_id: UserId,
    external_id: Option<&'a str>,
    #[serde(flatten)]
    change: &'a Change,
}

#[derive(Serialize)]
struct Reset<'a> {
    user_id: UserId,
    external_id: Option<&'a str>,
    floor: i64,
    head: i64,
}

#[derive(Serialize)]
struct Test {
    webhook_id: String,
}

impl Message {
    /// The message of an event.
    pub(super) fn of(event: &Event, now: Timestamp) -> Self {
        let (user_id, external_id) = (event.user, event.external_id.as_deref());
        let payload = match &event.what {
            What::Change(change) => {
                let name = format!("{}.{}", change.kind, change.change_type);
                to_bytes(&name, change.at, &Changed { user_id, external_id, change })
            }
            What::Reset { floor, head } => {
                let data = Reset { user_id, external_id, floor: *floor, head: *head };
                to_bytes("events.reset", now, &data)
            }
            What::Test { .. } => to_bytes("webhook.test", now, &Test { webhook_id: event.sink.to_string() }),
        };
        Self { id: id_of(event), payload }
    }
}

fn to_bytes(name: &str, timestamp: Timestamp, data: &impl Serialize) -> Bytes {
    serde_json::to_vec(&Payload { r#type: name, timestamp, data }).unwrap_or_default().into()
}

/// A digest: the id says nothing to strangers, and holds no full stop, by which the signed parts are told apart.
fn id_of(event: &Event) -> String {
    let which = match &event.what {
        What::Change(change) => format!("change:{}", change.position),
        What::Reset { floor, .. } => format!("reset:{floor}"),
        What::Test { number } => format!("test:{number}"),
    };
    let digest = digest::digest(&digest::SHA256, format!("{}:{}:{which}", event.sink, event.user).as_bytes());
    digest.as_ref().iter().take(16).fold("msg_".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use model::{ChangeType, Kind, Random};
    use serde_json::{Value, json};

    use super::*;

    fn event(position: i64) -> Event {
        let random = Random::seeded(7);
        let at = Timestamp::from_second(1_769_414_400).unwrap();
        let change = Change {
            position,
            change_type: ChangeType::Revised,
            provider: "acme".into(),
            connection_id: random.id(at),
            record_id: random.id(at),
            kind: Kind::Sleep,
            day: Some(jiff::civil::date(2026, 1, 26)),
            at,
        };
        let (sink, user) = (random.id(at), random.id(at));
        Event { sink, user, external_id: Some("patient-7".into()), what: What::Change(change) }
    }

    fn read(event: &Event) -> Value {
        serde_json::from_slice(&Message::of(event, Timestamp::UNIX_EPOCH).payload).unwrap()
    }

    #[test]
    fn a_change_is_told_without_what_it_says() {
        let event = event(42);
        let What::Change(change) = &event.what else { unreachable!() };
        let told = json!({
            "type": "sleep.revised",
            "timestamp": "2026-01-26T08:00:00Z",
            "data": {
                "user_id": event.user,
                "external_id": "patient-7",
                "position": 42,
                "type": "revised",
                "provider": "acme",
                "connection_id": change.connection_id,
                "record_id": change.record_id,
                "kind": "sleep",
                "day": "2026-01-26",
                "at": "2026-01-26T08:00:00Z",
            },
        });
        assert_eq!(read(&event), told);
    }

    #[test]
    fn what_was_lost_and_a_test_are_told_as_such() {
        let mut event = event(1);
        event.what = What::Reset { floor: 30, head: 42 };
        let told = read(&event);
        assert_eq!((&told["type"], &told["data"]["floor"]), (&json!("events.reset"), &json!(30)));
        event.what = What::Test { number: 1 };
        assert_eq!(read(&event)["type"], json!("webhook.test"));
    }

    #[test]
    fn an_id_is_the_events_own() {
        let id = |event: &Event| Message::of(event, Timestamp::UNIX_EPOCH).id;
        assert_eq!(id(&event(42)), id(&event(42)));
        assert!(id(&event(42)).starts_with("msg_") && !id(&event(42)).contains('.'));
        let another_user = Event { user: UserId(uuid_of(9)), ..event(42) };
        let reset = Event { what: What::Reset { floor: 42, head: 42 }, ..event(42) };
        for other in [event(43), another_user, reset] {
            assert_ne!(id(&event(42)), id(&other));
        }
    }

    fn uuid_of(seed: u64) -> uuid::Uuid {
        Random::seeded(seed).id(Timestamp::UNIX_EPOCH)
    }
}

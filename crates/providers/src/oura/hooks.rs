//! What Oura's deliveries say, and how it makes sure that an address is ours.

use jiff::Timestamp;
use model::{Operation, Secret};
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{Challenge, Error, Notice};

/// A delivery's body (Oura). It names what has changed, and holds no data.
#[derive(Deserialize)]
struct WireNotice {
    #[serde(default)]
    event_type: Value,
    data_type: String,
    object_id: String,
    #[serde(default)]
    event_time: Value,
    user_id: String,
}

/// What a delivery says has changed.
pub(super) fn notices(body: &[u8]) -> Result<Vec<Notice>, Error> {
    let wire: WireNotice = serde_json::from_slice(body)
        .map_err(|_| Error::Malformed("it does not name an account, a data type and an object".into()))?;
    if [&wire.user_id, &wire.data_type, &wire.object_id].into_iter().any(String::is_empty) {
        return Err(Error::Malformed("it leaves open whose or what it is".into()));
    }
    // Whatever has happened: what is asked for afresh is right.
    let operation = wire.event_type.as_str().and_then(|word| word.parse().ok()).unwrap_or(Operation::Update);
    Ok(vec![Notice {
        account_id: wire.user_id,
        data_type: wire.data_type,
        operation,
        object_id: wire.object_id,
        at: wire.event_time.as_str().and_then(|text| text.parse::<Timestamp>().ok()),
    }])
}

/// Oura's question inside a subscription's making: `?verification_token=…&challenge=…` (Oura).
pub(super) fn challenge(query: &str) -> Option<Challenge> {
    let told = |name: &str| form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name);
    let (_, token) = told("verification_token")?;
    let (_, challenge) = told("challenge")?;
    Some(Challenge { token: Secret::new(token), answer: json!({ "challenge": challenge }) })
}

//! What an application asks for when it subscribes, and why that is refused.

use axum::response::Response;
use reqwest::Url;
use serde_json::{Map, Value, json};

use crate::oura::errors::{invalid_body, unprocessable};

/// What can happen to a document.
const EVENT_TYPES: [&str; 3] = ["create", "update", "delete"];

/// What can be subscribed to (Oura's specification 1.37). `meal` has no route.
const DATA_TYPES: [&str; 17] = [
    "tag",
    "enhanced_tag",
    "workout",
    "session",
    "sleep",
    "daily_sleep",
    "daily_readiness",
    "daily_activity",
    "daily_spo2",
    "sleep_time",
    "rest_mode_period",
    "ring_configuration",
    "daily_stress",
    "daily_cardiovascular_age",
    "daily_resilience",
    "vo2_max",
    "meal",
];

/// What is wanted. Only what is new must say everything.
pub(super) struct Wanted {
    pub(super) verification_token: String,
    pub(super) callback_url: Option<Url>,
    pub(super) event_type: Option<&'static str>,
    pub(super) data_type: Option<&'static str>,
}

impl Wanted {
    /// Reads a request's body; for a new subscription nothing may be left open.
    #[expect(clippy::result_large_err, reason = "the refusal is the answer")]
    pub(super) fn read(body: &[u8], new: bool) -> Result<Self, Response> {
        let body: Value = serde_json::from_slice(body).map_err(|error| no_json(&error))?;
        let Value::Object(fields) = &body else { return Err(no_object(&body)) };
        let mut form = Form { body: &body, fields, refused: Vec::new() };
        let wanted = Self {
            verification_token: form.text("verification_token", true).unwrap_or_default(),
            callback_url: form.url("callback_url", new),
            event_type: form.choice("event_type", &EVENT_TYPES, new),
            data_type: form.choice("data_type", &DATA_TYPES, new),
        };
        if form.refused.is_empty() { Ok(wanted) } else { Err(unprocessable(form.refused)) }
    }
}

fn no_json(error: &serde_json::Error) -> Response {
    let one = json!({
        "type": "json_invalid",
        "loc": ["body", error.column()],
        "msg": "JSON decode error",
        "input": {},
        "ctx": { "error": "Expecting value" },
    });
    unprocessable(vec![one])
}

fn no_object(body: &Value) -> Response {
    let message = "Input should be a valid dictionary or object to extract fields from";
    unprocessable(vec![json!({ "type": "model_attributes_type", "loc": ["body"], "msg": message, "input": body })])
}

struct Form<'a> {
    body: &'a Value,
    fields: &'a Map<String, Value>,
    refused: Vec<Value>,
}

impl Form<'_> {
    fn text(&mut self, field: &str, needed: bool) -> Option<String> {
        let refused = match self.fields.get(field) {
            None if needed => invalid_body("missing", field, "Field required", self.body, None),
            None => return None,
            Some(Value::Null) if !needed => return None,
            Some(Value::String(text)) => return Some(text.clone()),
            Some(other) => invalid_body("string_type", field, "Input should be a valid string", other, None),
        };
        self.refused.push(refused);
        None
    }

    fn choice<const N: usize>(
        &mut self,
        field: &str,
        choices: &'static [&'static str; N],
        needed: bool,
    ) -> Option<&'static str> {
        let text = self.text(field, needed)?;
        let chosen = choices.iter().find(|choice| **choice == text).copied();
        if chosen.is_none() {
            let expected = listed(choices);
            let message = format!("Input should be {expected}");
            let context = Some(json!({ "expected": expected }));
            self.refused.push(invalid_body("enum", field, &message, &json!(text), context));
        }
        chosen
    }

    fn url(&mut self, field: &str, needed: bool) -> Option<Url> {
        let text = self.text(field, needed)?;
        let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none() {
            let message = "Input should be a valid URL";
            self.refused.push(invalid_body("url_parsing", field, message, &json!(text), None));
        }
        url
    }
}

/// `'a', 'b' or 'c'`, as the data service lists choices.
fn listed(choices: &[&str]) -> String {
    let quoted: Vec<_> = choices.iter().map(|choice| format!("'{choice}'")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oura::collection::Collection;

    #[test]
    fn every_collection_that_is_told_of_can_be_subscribed_to() {
        let told: Vec<_> = Collection::all().filter_map(Collection::data_type).collect();
        assert!(told.iter().all(|data_type| DATA_TYPES.contains(data_type)));
        assert_eq!(told.len() + 1, DATA_TYPES.len(), "all but meal");
    }

    #[test]
    fn choices_are_listed_as_the_data_service_does() {
        assert_eq!(listed(&EVENT_TYPES), "'create', 'update' or 'delete'");
    }
}

//! Generated documents against Oura's published schema, where it lies next to the checkout.

use std::{fs, path::PathBuf};

use http::Method;
use serde_json::Value;

use crate::{
    client::{Answer, World},
    receiver::{Receiver, wanted},
};

const COLLECTIONS: [&str; 18] = [
    "daily_activity",
    "daily_cardiovascular_age",
    "daily_readiness",
    "daily_resilience",
    "daily_sleep",
    "daily_spo2",
    "daily_stress",
    "enhanced_tag",
    "rest_mode_period",
    "session",
    "sleep",
    "sleep_time",
    "tag",
    "vO2_max",
    "workout",
    "heartrate",
    "ring_battery_level",
    "ring_configuration",
];

fn published() -> Option<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs/oura");
    let mut files = fs::read_dir(root).ok()?.map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.file_name().unwrap().to_string_lossy().contains("openapi")).unwrap();
    Some(serde_json::from_slice(&fs::read(file).unwrap()).unwrap())
}

/// A checker of the few words that this schema uses.
struct Checker<'a> {
    root: &'a Value,
    problems: Vec<String>,
}

impl Checker<'_> {
    fn check(&mut self, place: &str, schema: &Value, value: &Value) {
        if let Some(reference) = schema["$ref"].as_str() {
            let schema = self.root.pointer(reference.trim_start_matches('#')).unwrap();
            return self.check(place, &schema.clone(), value);
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            let fits = |choice: &Value| {
                let mut checker = Checker { root: self.root, problems: Vec::new() };
                checker.check(place, choice, value);
                checker.problems.is_empty()
            };
            if !choices.iter().any(fits) {
                self.problems.push(format!("{place}: {value} fits none of {schema}"));
            }
            return;
        }
        self.check_type(place, schema, value);
        if let Some(choices) = schema["enum"].as_array()
            && !choices.contains(value)
        {
            self.problems.push(format!("{place}: {value} is not in {choices:?}"));
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if value.get(name).is_none() {
                self.problems.push(format!("{place}.{name} is missing"));
            }
        }
        if let (Some(known), Some(fields)) = (schema["properties"].as_object(), value.as_object()) {
            for (name, field) in fields {
                match known.get(name) {
                    Some(schema) => self.check(&format!("{place}.{name}"), schema, field),
                    None => self.problems.push(format!("{place}.{name} is unknown")),
                }
            }
        }
        for item in value.as_array().into_iter().flatten() {
            self.check(&format!("{place}[]"), &schema["items"], item);
        }
    }

    fn check_type(&mut self, place: &str, schema: &Value, value: &Value) {
        let fits = match schema["type"].as_str() {
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            Some("null") => value.is_null(),
            _ => true,
        };
        if !fits {
            self.problems.push(format!("{place}: {value} is no {}", schema["type"]));
        }
    }
}

#[tokio::test]
async fn every_collection_fits_the_published_schema() {
    let Some(root) = published() else { return };
    let world = World::at("2026-06-10T15:00:00Z", 90, None);
    let mut checker = Checker { root: &root, problems: Vec::new() };
    let mut check = async |path: &str, answer: Value| {
        let operation =
            format!("/paths/{}/get/responses/200/content/application~1json/schema", path.replace('/', "~1"));
        let schema = root.pointer(&operation).unwrap_or_else(|| panic!("{path} is not published"));
        let schema = schema.get("anyOf").map_or(schema, |choices| &choices[0]);
        checker.check(path, schema, &answer);
    };
    for collection in COLLECTIONS {
        let range = "start_date=2026-03-15&end_date=2026-06-11&start_datetime=2026-05-20&end_datetime=2026-06-11";
        let answer = world.read(&format!("{collection}?{range}")).await;
        assert!(!answer.data().is_empty(), "{collection} is empty");
        check(&format!("/v2/usercollection/{collection}"), answer.json()).await;
    }
    check("/v2/usercollection/personal_info", world.read("personal_info").await.json()).await;
    assert_eq!(checker.problems, Vec::<String>::new());
}

#[tokio::test]
async fn subscriptions_fit_the_published_schema() {
    let Some(root) = published() else { return };
    let (world, receiver) = (World::new(), Receiver::open().await);
    let mut checker = Checker { root: &root, problems: Vec::new() };
    let mut check = |method: &str, path: &str, status: &str, answer: &Answer| {
        assert_eq!(answer.status.as_str(), status, "{method} {path}: {}", answer.text());
        let place =
            format!("/paths/{}/{method}/responses/{status}/content/application~1json/schema", path.replace('/', "~1"));
        let schema = root.pointer(&place).unwrap_or_else(|| panic!("{place} is not published"));
        checker.check(path, schema, &answer.json());
    };
    let (all, one, renew) =
        ("/v2/webhook/subscription", "/v2/webhook/subscription/{id}", "/v2/webhook/subscription/renew/{id}");
    let body = wanted(&receiver.hook(), "update", "vo2_max");
    let made = world.apply(Method::POST, all, &body).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    check("post", all, "201", &made);
    check("post", all, "422", &world.apply(Method::POST, all, &serde_json::json!({ "event_type": "x" })).await);
    check("get", all, "200", &world.apply(Method::GET, all, &Value::Null).await);
    check("get", one, "200", &world.apply(Method::GET, &one.replace("{id}", &id), &Value::Null).await);
    check("put", one, "200", &world.apply(Method::PUT, &one.replace("{id}", &id), &body).await);
    check("put", one, "422", &world.apply(Method::PUT, &one.replace("{id}", &id), &serde_json::json!({})).await);
    check("put", renew, "200", &world.apply(Method::PUT, &renew.replace("{id}", &id), &Value::Null).await);
    assert_eq!(checker.problems, Vec::<String>::new());
    let published = root.pointer("/components/schemas/ExtApiV2DataType/enum").unwrap();
    let refused = world.apply(Method::POST, all, &wanted(&receiver.hook(), "update", "dreams")).await.json();
    let expected = refused["detail"][0]["ctx"]["expected"].as_str().unwrap().replace(" or ", ", ").replace('\'', "");
    assert_eq!(
        expected.split(", ").collect::<Vec<_>>(),
        published.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>()
    );
}

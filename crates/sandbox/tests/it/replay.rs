//! Recorded answers instead of generated ones.

use std::{fs, path::Path};

use http::StatusCode;
use model::Clock;
use sandbox::Sandbox;

use crate::client::{World, options};

fn keep(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder.join("oura")).unwrap();
    fs::write(folder.join("oura").join(name), text).unwrap();
}

fn replay(folder: &Path) -> World {
    World::at("2026-06-10T15:00:00Z", 30, Some(folder.to_owned()))
}

#[tokio::test]
async fn recorded_answers_are_served_by_the_same_date_rule() {
    let folder = tempfile::tempdir().unwrap();
    keep(
        folder.path(),
        "daily_sleep.json",
        r#"{"data":[{"id":"b","day":"2024-01-02","score":80,"surprise":[1]},{"id":"a","day":"2024-01-01","score":70}],"next_token":"x"}"#,
    );
    keep(
        folder.path(),
        "daily_activity.json",
        r#"[{"id":"c","day":"2024-01-02","timestamp":"2024-01-02T04:00:00+01:00"}]"#,
    );
    keep(
        folder.path(),
        "sleep.json",
        r#"[{"id":"n","type":"long_sleep","day":"2024-01-02","bedtime_start":"2024-01-01T23:30:00+01:00"}]"#,
    );
    keep(folder.path(), "sleep_time.json", r#"[{"id":"t","day":"2024-01-02"}]"#);
    keep(folder.path(), "personal_info.json", r#"{"id":"recorded","age":40,"email":"a@b.example"}"#);
    let world = replay(folder.path());
    assert_eq!(world.sandbox.account_id("oura").as_deref(), Some("recorded"));
    let answer = world.read("daily_sleep?start_date=2024-01-01&end_date=2024-01-02").await;
    assert_eq!(answer.days(), ["2024-01-01", "2024-01-02"]);
    assert_eq!(answer.data()[1]["surprise"], serde_json::json!([1]));
    assert!(answer.json()["next_token"].is_null());
    assert!(world.read("daily_activity?start_date=2024-01-01&end_date=2024-01-02").await.data().is_empty());
    assert_eq!(world.read("daily_activity?start_date=2024-01-01&end_date=2024-01-03").await.data().len(), 1);
    for collection in ["sleep", "sleep_time"] {
        assert!(world.read(&format!("{collection}?start_date=2024-01-02&end_date=2024-01-03")).await.data().is_empty());
        assert_eq!(
            world.read(&format!("{collection}?start_date=2024-01-01&end_date=2024-01-02")).await.data().len(),
            1
        );
    }
    assert!(world.read("workout?start_date=2024-01-01&end_date=2027-01-03").await.data().is_empty());
    assert_eq!(world.read("daily_sleep/a").await.json()["score"], 70);
    assert_eq!(world.read("personal_info").await.json()["age"], 40);
}

#[tokio::test]
async fn a_person_who_was_not_recorded_has_an_id_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), "tag.json", r#"[{"day": 5}, "not a document"]"#);
    let world = replay(folder.path());
    let person = world.read("personal_info").await.json();
    assert_eq!(person["id"].as_str().map(str::to_owned), world.sandbox.account_id("oura"));
    assert_eq!(
        world.read("tag?start_date=2024-01-01&end_date=2024-01-02").await.data().len(),
        2,
        "bad documents reach clients"
    );
}

#[test]
fn bad_recordings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Sandbox::new(options(Clock::system(), 1, Some(folder.path().to_owned()))).err().unwrap().to_string();
    assert!(open().contains("cannot read"), "{}", open());
    keep(folder.path(), "sleep.json", "{");
    assert!(open().contains("sleep.json is not JSON"), "{}", open());
    keep(folder.path(), "sleep.json", r#"{"data":{}}"#);
    assert!(open().contains("sleep.json") && open().contains("\"data\" is not a list"), "{}", open());
}

#[tokio::test]
async fn the_mirror_tells_of_a_sample_to_anybody() {
    let world = World::new();
    let path = "/v2/sandbox/usercollection/daily_sleep?start_date=2026-06-01&end_date=2026-06-05";
    assert_eq!(world.get(path, "anything").await.data().len(), 5);
    let request = http::Request::get(path).body(axum::body::Body::empty()).unwrap();
    let refused = world.send(request).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("Include any string in 'Authorization' header."));
    assert_eq!(world.get("/v2/sandbox/usercollection/personal_info", "x").await.status, StatusCode::NOT_FOUND);
    let rows = world.get("/v2/sandbox/usercollection/heartrate?latest=true", "x").await.data();
    assert!(rows.len() > 1 && rows[0].get("producer_timestamp").is_some() && rows[0].get("timestamp_unix").is_none());
}

//! Which documents a window finds, and which windows are refused.

use http::StatusCode;
use serde_json::Value;

use crate::client::World;

/// Oura: with a date alone, `end_date=D` finds the scores of day D but not its activity.
#[tokio::test]
async fn the_end_of_a_window_depends_on_the_collection() {
    let world = World::new();
    let scores = [
        "daily_sleep",
        "daily_readiness",
        "daily_spo2",
        "daily_stress",
        "daily_resilience",
        "daily_cardiovascular_age",
    ];
    for collection in scores {
        let found = world.read(&format!("{collection}?start_date=2026-05-20&end_date=2026-05-22")).await.days();
        assert_eq!(found, ["2026-05-20", "2026-05-21", "2026-05-22"], "{collection}");
    }
    let found = world.read("daily_activity?start_date=2026-05-20&end_date=2026-05-22").await.days();
    assert_eq!(found, ["2026-05-20", "2026-05-21"]);
    let found = world.read("daily_activity?start_date=2026-05-20&end_date=2026-05-22T23:59:59").await.days();
    assert_eq!(found, ["2026-05-20", "2026-05-21", "2026-05-22"]);
    for collection in ["workout", "session", "daily_activity"] {
        let found = world.read(&format!("{collection}?start_date=2026-05-01&end_date=2026-05-22")).await.days();
        assert!(!found.is_empty() && !found.contains(&"2026-05-22".to_owned()), "{collection}: {found:?}");
    }
}

/// Oura: `sleep` goes by bedtime, whatever its day.
#[tokio::test]
async fn sleep_is_found_by_its_bedtime() {
    let world = World::new();
    let all = world.read("sleep?start_date=2026-05-01&end_date=2026-06-01").await.data();
    assert!(all.len() >= 30);
    for night in all.iter().take(8) {
        let (bed, id) = (night["bedtime_start"].as_str().unwrap(), &night["id"]);
        let bed: jiff::Timestamp = bed.parse().unwrap();
        let has = async |from: String, to: String| {
            let found = world.read(&format!("sleep?start_date={from}&end_date={to}")).await.data();
            found.iter().any(|document| document["id"] == *id)
        };
        let second = jiff::SignedDuration::from_secs(1);
        assert!(has(bed.to_string(), bed.to_string()).await);
        assert!(!has((bed + second).to_string(), "2026-06-01".to_owned()).await);
        assert!(!has("2026-05-01".to_owned(), (bed - second).to_string()).await);
    }
    // A person who goes to bed before midnight in UTC is found on the evening before, as was measured.
    let before_midnight = all.iter().find(|night| {
        let bed: jiff::Timestamp = night["bedtime_start"].as_str().unwrap().parse().unwrap();
        night["type"] == "long_sleep" && !bed.to_string().starts_with(night["day"].as_str().unwrap())
    });
    let day = before_midnight.unwrap()["day"].as_str().unwrap();
    let same_day = world.read(&format!("sleep?start_date={day}&end_date={day}")).await.days();
    assert!(same_day.is_empty(), "{same_day:?}");
}

#[tokio::test]
async fn numbers_are_epochs_and_old_years_are_years() {
    let world = World::new();
    let empty = world.read("sleep?start_date=1&end_date=2&next_token=").await;
    assert_eq!(empty.json(), serde_json::json!({ "data": [], "next_token": null }));
    let all = world.read("daily_sleep?start_date=0024-11-11&end_date=2026-06-10").await.days();
    assert_eq!((all.len(), all.first().map(String::as_str)), (61, Some("2026-04-11")));
    assert!(all.is_sorted());
}

#[tokio::test]
async fn nonsense_is_refused_by_name() {
    let world = World::new();
    let refused = world.read("daily_sleep?start_date=soon").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = refused.json();
    assert_eq!(told["detail"][0]["loc"], serde_json::json!(["query", "start_date", "datetime"]));
    assert_eq!(told["detail"][0]["input"], "soon");
    let refused = world.read("heartrate?end_datetime=2026-99-01").await.json();
    assert_eq!(refused["detail"][0]["loc"], serde_json::json!(["query", "end_datetime"]));
    let refused = world.read("tag?start_date=2026-05-02&end_date=2026-05-01").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["detail"][0]["msg"], "Start date must be before end date");
    let refused = world.read("heartrate?latest=perhaps").await;
    assert_eq!(refused.json()["detail"][0]["type"], "bool_parsing");
}

#[tokio::test]
async fn heart_rate_without_dates_is_the_last_day() {
    let world = World::new();
    let rows = world.read("heartrate").await.data();
    assert!((150..=288).contains(&rows.len()), "{} rows", rows.len());
    assert!(rows.iter().all(|row| row["timestamp"].as_str().unwrap() > "2026-06-09T15:00:00"));
    let latest = world.read("heartrate?latest=true").await.data();
    assert_eq!(latest, [rows.last().unwrap().clone()]);
    let sources: std::collections::BTreeSet<&str> = rows.iter().filter_map(|row| row["source"].as_str()).collect();
    assert!(sources.contains("awake") && sources.contains("sleep"), "{sources:?}");
}

#[tokio::test]
async fn fields_choose_where_oura_lets_them() {
    let world = World::new();
    let range = "start_date=2026-05-01&end_date=2026-05-30";
    let few = world.read(&format!("daily_activity?{range}&fields=steps,score")).await.data();
    let names: Vec<&String> = few[0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["id", "score", "steps", "day", "timestamp"]);
    let all = world.read(&format!("enhanced_tag?{range}&fields=start_day")).await.data();
    assert!(all[0].get("tag_type_code").is_some());
}

#[tokio::test]
async fn a_document_is_found_by_its_id() {
    let world = World::new();
    let range = "start_date=2026-04-11&end_date=2026-06-10";
    let documents = [
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
        "ring_configuration",
    ];
    for collection in documents {
        let all = world.read(&format!("{collection}?{range}")).await.data();
        let last: &Value = all.last().unwrap_or_else(|| panic!("{collection} is empty"));
        let id = last["id"].as_str().unwrap();
        assert_eq!(world.read(&format!("{collection}/{id}")).await.json(), *last, "{collection}");
        for stranger in ["not-existing", "3e8de08b-9fa1-4fb0-8edc-0ccf097f6690"] {
            let missing = world.read(&format!("{collection}/{stranger}")).await;
            assert_eq!(
                (missing.status, missing.json()["detail"].as_str()),
                (StatusCode::NOT_FOUND, Some("Document not found."))
            );
        }
    }
    assert_eq!(world.read("vo2_max").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.read("heartrate/some-id").await.status, StatusCode::NOT_FOUND);
}

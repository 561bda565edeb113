//! The living person: the same for the same seed, plausible, and revised as real devices do.

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use serde_json::Value;

use crate::client::World;

const RANGE: &str = "start_date=2026-06-01&end_date=2026-06-08";

#[tokio::test]
async fn the_same_seed_lives_the_same_days_however_many_are_asked_for() {
    let (short, long) = (World::at("2026-06-10T15:00:00Z", 12, None), World::at("2026-06-10T15:00:00Z", 365, None));
    for collection in ["sleep", "daily_readiness", "daily_activity", "workout", "daily_resilience", "sleep_time"] {
        let path = format!("{collection}?{RANGE}");
        let told = short.read(&path).await.data();
        assert_eq!(told, long.read(&path).await.data(), "{collection}");
    }
    assert_eq!(short.sandbox.account_id("oura"), long.sandbox.account_id("oura"));
}

#[tokio::test]
async fn nothing_is_told_of_the_future_or_of_the_time_before() {
    let world = World::at("2026-06-10T15:00:00Z", 10, None);
    let days = world.read("daily_sleep?start_date=2020-01-01&end_date=2030-01-01").await.days();
    assert_eq!(
        (days.first().map(String::as_str), days.last().map(String::as_str)),
        (Some("2026-05-31"), Some("2026-06-10"))
    );
    let night = World::at("2026-06-10T01:00:00Z", 10, None);
    let days = night.read("daily_sleep?start_date=2026-06-09&end_date=2030-01-01").await.days();
    assert_eq!(days, ["2026-06-09"], "the night is not over");
}

#[tokio::test]
async fn today_s_activity_grows() {
    let world = World::new();
    let path = "daily_activity?start_date=2026-06-10T00:00:00&end_date=2026-06-11";
    let now = world.read(path).await.data();
    world.clock.turn(Duration::from_secs(3 * 3600));
    let later = world.read(path).await.data();
    let items = |documents: &[Value]| documents[0]["met"]["items"].as_array().unwrap().len();
    assert!(items(&now) < items(&later) && items(&later) < 1440);
    assert!(now[0]["steps"].as_i64() <= later[0]["steps"].as_i64());
    assert_eq!(now[0]["id"], later[0]["id"]);
}

#[tokio::test]
async fn yesterday_is_revised_the_next_morning() {
    let world = World::new();
    for collection in ["daily_sleep", "daily_readiness", "sleep", "daily_activity"] {
        let path = format!("{collection}?start_date=2026-06-09T12:00:00&end_date=2026-06-10T12:00:00");
        let path = if collection == "sleep" {
            "sleep?start_date=2026-06-09T12:00:00&end_date=2026-06-10T02:00:00"
        } else {
            &path
        };
        let world = World::at(&world.clock.now().to_string(), 10, None);
        let today = world.read(path).await.data().remove(0);
        world.clock.turn(Duration::from_secs(3600));
        if collection != "daily_activity" {
            assert_eq!(today, world.read(path).await.data()[0], "{collection} is settled for the day");
        }
        world.clock.turn(Duration::from_secs(24 * 3600));
        let revised = world.read(path).await.data().remove(0);
        assert_eq!(today["id"], revised["id"]);
        assert_ne!(today, revised, "{collection}");
        if collection != "sleep" {
            assert_ne!(today["score"], revised["score"], "{collection}");
        }
        world.clock.turn(Duration::from_secs(24 * 3600));
        assert_eq!(revised, world.read(path).await.data()[0], "{collection} is settled for good");
    }
}

#[tokio::test]
async fn a_sync_on_demand_brings_news_and_revises_yesterday() {
    let world = World::new();
    let account = world.sandbox.account_id("oura").unwrap();
    let path = format!("/_control/people/{account}/sync");
    let before = world.read("daily_sleep/").await.status;
    assert_eq!(before, http::StatusCode::NOT_FOUND);
    for _ in 0..3 {
        let yesterday = "daily_sleep?start_date=2026-06-09&end_date=2026-06-09";
        let score = world.read(yesterday).await.data()[0]["score"].clone();
        world.clock.turn(Duration::from_secs(60));
        let told = world.control(Method::POST, &path, &Value::Null).await.json();
        let revised: Vec<&str> =
            told["revised"].as_array().unwrap().iter().filter_map(|one| one["collection"].as_str()).collect();
        assert!(
            revised.contains(&"daily_sleep") && revised.contains(&"daily_readiness") && revised.contains(&"sleep"),
            "{told}"
        );
        assert!(!told["new"].as_array().unwrap().is_empty(), "{told}");
        assert_ne!(world.read(yesterday).await.data()[0]["score"], score);
    }
    assert_eq!(
        world.control(Method::POST, "/_control/people/nobody/sync", &Value::Null).await.status,
        http::StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn documents_agree_with_each_other() {
    let world = World::at("2026-06-10T15:00:00Z", 120, None);
    let range = "start_date=2026-02-01&end_date=2026-06-11";
    let scores = world.read(&format!("daily_readiness?{range}")).await.data();
    let by_day: BTreeMap<&str, &Value> = scores.iter().map(|score| (score["day"].as_str().unwrap(), score)).collect();
    let nights = world.read(&format!("sleep?{range}")).await.data();
    let number = |night: &Value, name: &str| night[name].as_i64().unwrap();
    for night in &nights {
        let parts =
            ["deep_sleep_duration", "light_sleep_duration", "rem_sleep_duration"].map(|name| number(night, name));
        assert_eq!(parts.iter().sum::<i64>(), number(night, "total_sleep_duration"));
        assert_eq!(number(night, "total_sleep_duration") + number(night, "awake_time"), number(night, "time_in_bed"));
        let phases = night["sleep_phase_30_sec"].as_str().unwrap();
        assert_eq!(phases.matches('1').count() as i64 * 30, parts[0]);
        assert_eq!(phases.len().div_ceil(10), night["sleep_phase_5_min"].as_str().unwrap().len());
        if night["type"] == "long_sleep" {
            assert_eq!(night["readiness"]["score"], by_day[night["day"].as_str().unwrap()]["score"]);
        }
    }
    let kinds: std::collections::BTreeSet<&str> = nights.iter().filter_map(|night| night["type"].as_str()).collect();
    assert!(kinds.contains("late_nap") && kinds.contains("rest"), "{kinds:?}");
    for day in world.read(&format!("daily_activity?{range}")).await.data() {
        let times = [
            "high_activity_time",
            "medium_activity_time",
            "low_activity_time",
            "sedentary_time",
            "resting_time",
            "non_wear_time",
        ];
        let seconds: i64 = times.iter().map(|name| number(&day, name)).sum();
        let items = day["met"]["items"].as_array().unwrap().len();
        assert_eq!(seconds, items as i64 * 60);
        assert_eq!(day["class_5_min"].as_str().unwrap().len(), items.div_ceil(5));
    }
}

#[tokio::test]
async fn scores_vary_as_scores_do() {
    let world = World::at("2026-06-10T15:00:00Z", 180, None);
    for (collection, low, high) in
        [("daily_sleep", 68.0, 88.0), ("daily_readiness", 68.0, 88.0), ("daily_activity", 68.0, 92.0)]
    {
        let documents = world.read(&format!("{collection}?start_date=2025-12-20&end_date=2026-06-09")).await.data();
        let scores: Vec<f64> = documents.iter().filter_map(|one| one["score"].as_f64()).collect();
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let spread = (scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / scores.len() as f64).sqrt();
        assert!((low..high).contains(&mean), "{collection}: mean {mean}");
        assert!((2.0..14.0).contains(&spread), "{collection}: spread {spread}");
    }
}

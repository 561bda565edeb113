//! The demo on recorded answers: what is in the files is what an agent reads.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    demo::{self, Demo, data},
    program,
};

const MORNING: &str = "2026-01-26T09:00:00Z";

fn keep(folder: &Path, collection: &str, answer: &Value) -> anyhow::Result<()> {
    fs::create_dir_all(folder.join("oura"))?;
    Ok(fs::write(folder.join("oura").join(format!("{collection}.json")), answer.to_string())?)
}

/// A night, its morning and the day before: some as the provider answers, some as mere lists.
fn record(folder: &Path) -> anyhow::Result<()> {
    let night = json!({ "id": "night", "day": "2026-01-26", "type": "long_sleep", "total_sleep_duration": 27000,
        "bedtime_start": "2026-01-25T23:10:00+01:00", "bedtime_end": "2026-01-26T07:05:00+01:00",
        "deep_sleep_duration": 4320, "rem_sleep_duration": 6480, "efficiency": 93, "lowest_heart_rate": 48 });
    let score = json!({ "id": "score", "day": "2026-01-26", "score": 85, "timestamp": "2026-01-26T00:00:00+00:00",
        "contributors": { "deep_sleep": 80, "rem_sleep": 74, "efficiency": 91, "restfulness": 68 } });
    let readiness = json!({ "id": "ready", "day": "2026-01-26", "score": 78, "timestamp": "2026-01-26T00:00:00+00:00",
        "temperature_deviation": 0.1,
        "contributors": { "hrv_balance": 77, "resting_heart_rate": 82, "recovery_index": 95 } });
    let activity = json!({ "id": "moved", "day": "2026-01-25", "score": 91, "timestamp": "2026-01-25T04:00:00+01:00",
        "steps": 8543, "active_calories": 412 });
    keep(folder, "sleep", &json!({ "data": [night], "next_token": null }))?;
    keep(folder, "daily_sleep", &json!({ "data": [score], "next_token": null }))?;
    keep(folder, "daily_readiness", &json!([readiness]))?;
    keep(folder, "daily_activity", &json!([activity]))
}

#[tokio::test]
async fn an_agent_reads_what_was_recorded() -> anyhow::Result<()> {
    let (folder, data) = data()?;
    record(folder.path())?;
    let replay = folder.path().to_str().unwrap_or_default();
    let demo = Demo::start(&data, &["--now", MORNING, "--connected", "--replay", replay]).await?;
    let context = demo.api.context().await?;
    for line in [
        "## Last Night's Sleep (2026-01-26)",
        "- **Sleep Score**: 85/100",
        "- **Restfulness**: 68/100",
        "- **Readiness Score**: 78/100",
        "- **HRV Balance**: 77/100",
        "- **Recovery Index**: 95/100",
        "- **Temperature Deviation**: 0.1C",
        "Activity (2026-01-25)",
        "- **Activity Score**: 91/100",
        "- **Steps**: 8,543",
        "- **Active Calories**: 412",
    ] {
        assert!(context.lines().any(|found| found.contains(line)), "{line} is not in\n{context}");
    }
    let counts = demo.api.status().await?["counts"].clone();
    assert_eq!(counts["daily_sleep"], 1);
    assert_eq!(counts["workout"].as_u64().unwrap_or(0), 0, "what has no file is empty");
    demo.program.stop("INT").await
}

#[tokio::test]
async fn a_recording_that_cannot_be_read_is_named() -> anyhow::Result<()> {
    let (folder, data) = data()?;
    record(folder.path())?;
    let replay = folder.path().to_str().unwrap_or_default();
    let broken = folder.path().join("oura").join("workout.json");
    for text in ["{", r#"{"data": 5}"#, r#""words""#] {
        fs::write(&broken, text)?;
        let ended = program::run(demo::command(&data, ("0", "0"), &["--replay", replay])?, "").await?;
        let said = String::from_utf8(ended.stderr)?;
        assert!(!ended.status.success() && said.contains("workout.json"), "{text} leads to: {said}");
    }
    let nowhere = folder.path().join("nowhere");
    let nowhere = nowhere.to_str().unwrap_or_default();
    let ended = program::run(demo::command(&data, ("0", "0"), &["--replay", nowhere])?, "").await?;
    let said = String::from_utf8(ended.stderr)?;
    assert!(!ended.status.success() && said.contains(nowhere), "{said}");
    Ok(())
}

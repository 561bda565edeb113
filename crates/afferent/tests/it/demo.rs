//! The demo, as a newcomer starts it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    api::{Api, eventually},
    program,
    program::Program,
    stand_in::StandIn,
};

/// A moment at which yesterday is over and the ring has told of it.
pub(crate) const NOW: &str = "2026-06-10T15:05:00Z";

/// A demo that runs.
pub(crate) struct Demo {
    pub(crate) program: Program,
    /// What it said of itself.
    pub(crate) said: Value,
    /// The API with the person's own token.
    pub(crate) api: Api,
    pub(crate) stand_in: StandIn,
}

impl Demo {
    /// Starts it on a data folder, on any ports, with more flags.
    pub(crate) async fn start(data: &Path, flags: &[&str]) -> anyhow::Result<Self> {
        Self::on_ports(data, ("0", "0"), flags).await
    }

    /// Starts it on ports.
    pub(crate) async fn on_ports(data: &Path, ports: (&str, &str), flags: &[&str]) -> anyhow::Result<Self> {
        let mut program = Program::start(command(data, ports, flags)?)?;
        let said: Value = serde_json::from_str(&program.line().await?)?;
        let text = |name: &str| said[name].as_str().with_context(|| format!("{name} in {said}"));
        let api = Api::new(text("url")?, text("api_token")?)?;
        let stand_in = StandIn::new(text("sandbox_url")?)?;
        Ok(Self { program, api, stand_in, said })
    }

    /// The ports on which it serves.
    pub(crate) fn ports(&self) -> (String, String) {
        let port = |name: &str| {
            let url = self.said[name].as_str().unwrap_or_default();
            url.rsplit(':').next().unwrap_or_default().to_owned()
        };
        (port("url"), port("sandbox_url"))
    }
}

/// How the demo is started on a data folder.
pub(crate) fn command(data: &Path, ports: (&str, &str), flags: &[&str]) -> anyhow::Result<Command> {
    let path = data.to_str().context("a path that is no text")?;
    let fixed = ["demo", "--json", "--port", ports.0, "--sandbox-port", ports.1, "--data", path];
    Ok(program::command(&std::env::temp_dir(), fixed.into_iter().chain(flags.iter().copied()), []))
}

/// A data folder that is not there yet.
pub(crate) fn data() -> anyhow::Result<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    Ok((folder, data))
}

fn mode(path: &Path) -> anyhow::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

fn fields(object: &Value) -> Vec<&str> {
    object.as_object().map(|fields| fields.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[tokio::test]
async fn it_says_all_that_a_newcomer_needs_and_nothing_else() -> anyhow::Result<()> {
    let (_folder, data) = data()?;
    let demo = Demo::start(&data, &["--now", NOW]).await?;
    let said = &demo.said;
    let persons = ["email", "password", "admin_email", "admin_password", "user_id", "api_token", "service_token"];
    let expected: Vec<_> = ["url", "sandbox_url"].into_iter().chain(persons).chain(["providers"]).collect();
    assert_eq!(fields(said), expected);
    assert_eq!(fields(&said["providers"]), ["oura"]);
    assert_eq!(fields(&said["providers"]["oura"]), ["client_id", "client_secret", "account_id"]);
    assert!(expected[..9].iter().all(|name| said[name].as_str().is_some_and(|text| !text.is_empty())), "{said}");
    assert!(said["providers"]["oura"].as_object().context("oura")?.values().all(Value::is_string), "{said}");
    demo.program.stop("INT").await
}

#[tokio::test]
async fn what_it_keeps_is_for_its_owner_alone() -> anyhow::Result<()> {
    let (_folder, data) = data()?;
    let demo = Demo::start(&data, &["--now", NOW, "--connected", "--days", "10"]).await?;
    assert_eq!(mode(&data)?, 0o700);
    for entry in fs::read_dir(&data)? {
        let path = entry?.path();
        assert_eq!(mode(&path)?, 0o600, "{}", path.display());
    }
    assert!(data.join("afferent.db").exists() && data.join("demo.json").exists());
    demo.program.stop("INT").await
}

#[tokio::test]
async fn the_second_start_finds_everything() -> anyhow::Result<()> {
    let (_folder, data) = data()?;
    let first = Demo::start(&data, &["--now", NOW, "--connected", "--days", "10"]).await?;
    first.api.backfilled().await?;
    let (records, ports, said) = (first.api.records().await?, first.ports(), first.said.clone());
    first.program.stop("TERM").await?;
    assert!(!records.is_empty());

    let ports = (ports.0.as_str(), ports.1.as_str());
    let second = Demo::on_ports(&data, ports, &["--now", "2026-06-10T15:10:00Z", "--days", "10"]).await?;
    assert_eq!(second.said, said);
    assert_eq!(second.api.records().await?, records);
    assert_eq!(second.api.status().await?["connected"], true);
    assert_eq!(second.api.sync().await?["success"], true, "the sandbox knows the tokens of its earlier life");
    second.program.stop("INT").await
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() -> anyhow::Result<()> {
    let (_folder, data) = data()?;
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port().to_string();
    for ports in [(port.as_str(), "0"), ("0", port.as_str())] {
        let ended = program::run(command(&data, ports, &[])?, "").await?;
        assert!(!ended.status.success());
        let said = String::from_utf8(ended.stderr)?;
        assert!(said.contains(&format!("127.0.0.1:{port} is taken")), "{said}");
        assert!(ended.stdout.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn both_clocks_start_where_they_are_told() -> anyhow::Result<()> {
    let (_folder, data) = data()?;
    let demo = Demo::start(&data, &["--now", "2024-02-29T15:00:00Z", "--connected", "--days", "10"]).await?;
    assert!(demo.stand_in.now().await?.starts_with("2024-02-29T15:0"));
    let status = demo.api.status().await?;
    assert!(status["connected_at"].as_str().context("connected_at")?.starts_with("2024-02-29T15:0"), "{status}");
    assert!(demo.api.records().await?.keys().any(|name| name.contains("2024-02-29")));
    demo.stand_in.turn(3600).await?;
    assert_eq!(demo.api.sync().await?["success"], true);
    let synced = demo.api.status().await?["last_sync_at"].clone();
    assert!(synced.as_str().context("last_sync_at")?.starts_with("2024-02-29T16:0"), "one dial: {synced}");
    demo.program.stop("INT").await
}

#[tokio::test]
async fn the_same_seed_lives_the_same_life() -> anyhow::Result<()> {
    let mut lives = Vec::new();
    for (seed, days) in [("7", "20"), ("7", "20"), ("8", "20"), ("7", "5")] {
        let (_folder, data) = data()?;
        let flags = ["--now", NOW, "--connected", "--seed", seed, "--days", days];
        let demo = Demo::start(&data, &flags).await?;
        demo.api.backfilled().await?;
        lives.push(demo.api.records().await?);
        demo.program.stop("INT").await?;
    }
    let other: Vec<_> = lives[0].iter().filter(|(name, body)| lives[1].get(*name) != Some(body)).collect();
    assert!(other.is_empty() && lives[0].len() == lives[1].len(), "{other:?}");
    assert_ne!(lives[0], lives[2]);
    assert!(lives[3].len() < lives[0].len(), "{} of 5 days, {} of 20", lives[3].len(), lives[0].len());
    Ok(())
}

#[tokio::test]
async fn life_goes_on_while_one_watches() -> anyhow::Result<()> {
    let (_folder, data) = data()?;
    let demo = Demo::start(&data, &["--connected", "--days", "5", "--every", "1"]).await?;
    demo.api.backfilled().await?;
    let steps = async || {
        let page = demo.api.get("/api/v1/records?kind=activity&limit=50").await?;
        let days = page["records"].as_array().context("records")?;
        anyhow::Ok(days.iter().filter_map(|day| day["body"]["steps"].as_f64()).sum::<f64>())
    };
    let mut known = steps().await?;
    for _ in 0..2 {
        let more = async || Ok(Some(steps().await?).filter(|now| *now > known));
        known = eventually("more steps", more).await?;
    }
    demo.program.stop("INT").await
}

#[tokio::test]
async fn people_are_told_in_words() -> anyhow::Result<()> {
    let (_folder, data) = data()?;
    let path = data.to_str().context("path")?;
    let arguments = ["demo", "--port", "0", "--sandbox-port", "0", "--data", path];
    let mut demo = Program::start(program::command(&std::env::temp_dir(), arguments, []))?;
    let mut text = String::new();
    while !text.contains("Next:") {
        text.push_str(&demo.line().await?);
        text.push('\n');
    }
    for word in ["Afferent is at http://127.0.0.1:", "Sign in as", "password", "Administrator", "Ctrl-C", path] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    demo.stop("INT").await
}

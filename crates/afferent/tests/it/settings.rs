//! Settings: what is missing is named, what is mistaken is explained, and the doctor finds both.

use std::fs;

use testkit::Engine;
use tokio::net::TcpStream;

use crate::{program, scene::Scene};

#[tokio::test]
async fn a_server_without_settings_names_all_that_it_lacks() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let key = "INTEGRATION_ENCRYPTION_KEY";
    for (set, lacking) in [
        (vec![], vec![key, "OURA_CLIENT_ID and OURA_CLIENT_SECRET"]),
        (vec!["OURA_CLIENT_ID"], vec![key, "OURA_CLIENT_SECRET"]),
        (vec!["OURA_CLIENT_SECRET"], vec![key, "OURA_CLIENT_ID"]),
        (vec!["OURA_CLIENT_ID", "OURA_CLIENT_SECRET"], vec![key]),
    ] {
        let command = program::command(folder.path(), ["serve"], set.into_iter().map(|name| (name, "x")));
        let ended = program::run(command, "").await?;
        let said = String::from_utf8(ended.stderr)?;
        assert!(!ended.status.success());
        let named: Vec<_> = said.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
        assert_eq!(named.len(), lacking.len(), "{said}");
        assert!(named.iter().zip(&lacking).all(|(line, name)| line.starts_with(*name)), "{said}");
    }
    assert!(fs::read_dir(folder.path())?.next().is_none(), "nothing is begun");
    Ok(())
}

#[tokio::test]
async fn a_mistyped_setting_stops_everything_and_is_corrected() -> anyhow::Result<()> {
    let scene = Scene::new(Engine::Sqlite).await?;
    let file = scene.folder.path().join("afferent.toml");
    fs::write(&file, "public_ulr = 'https://afferent.example'\n")?;
    for command in [&["serve"][..], &["migrate"], &["token", "list", "nobody"]] {
        let said = scene.complain(command).await?;
        let helped = said.contains("\"public_ulr\"") && said.contains("did you mean \"public_url\"?");
        assert!(helped && said.contains("afferent.toml"), "{said}");
    }
    fs::write(&file, "public_url = \n")?;
    let said = scene.complain(&["serve"]).await?;
    assert!(said.contains("afferent.toml") && said.contains("line 1"), "{said}");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_is_named() -> anyhow::Result<()> {
    for (name, value) in [
        ("LISTEN", "everywhere"),
        ("PUBLIC_URL", "afferent"),
        ("TRUST_PROXY", "perhaps"),
        ("LOG", "info=loud"),
        ("LOG_FORMAT", "jsn"),
        ("RATE_LIMIT_PER_MINUTE", "-1"),
        ("STREAMS_PER_READER", "many"),
        ("CONNECTIONS_PER_ADDRESS", "many"),
        ("POLLING_ENABLED", "sometimes"),
        ("POLLING_INTERVAL_SECONDS", "59"),
        ("OURA_TOKEN_URL", "not an address"),
        ("OURA_REDIRECT_URI", "/callback"),
    ] {
        let mut scene = Scene::new(Engine::Sqlite).await?;
        scene.set(name, value);
        let said = scene.complain(&["serve"]).await?;
        assert!(said.contains(name) && !said.contains("sandbox-secret"), "{name}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_without_being_told() -> anyhow::Result<()> {
    let mut scene = Scene::new(Engine::Sqlite).await?;
    for key in ["k1:dG9vIHNob3J0", "no-key-at-all", "k1:%%%"] {
        scene.set("INTEGRATION_ENCRYPTION_KEY", key);
        let said = scene.complain(&["serve"]).await?;
        let secret = key.split(':').next_back().unwrap_or(key);
        assert!(!said.contains(secret) && said.to_lowercase().contains("key"), "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn the_doctor_finds_nothing_when_all_is_well() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let scene = Scene::new(engine).await?;
        let said = scene.say(&["check"]).await?;
        assert!(said.lines().all(|line| line.starts_with("ok ")), "{said}");
        for part in ["settings", "database", "migrations", "keys", "clock", "provider oura"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_doctor_finds_each_thing_that_is_wrong() -> anyhow::Result<()> {
    let nobody = "http://127.0.0.1:1";
    for (name, value, part) in [
        ("OURA_API_URL", nobody, "provider oura"),
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing", "database"),
        ("DATABASE_URL", "mysql://127.0.0.1/afferent", "database"),
        ("INTEGRATION_ENCRYPTION_KEY", "nonsense", "database"),
    ] {
        let mut scene = Scene::new(Engine::Sqlite).await?;
        scene.set(name, value);
        let ended = scene.run(&["check"], "").await?;
        let said = String::from_utf8(ended.stdout)?;
        assert!(!ended.status.success(), "{name}={value}: {said}");
        let wrong: Vec<_> = said.lines().filter(|line| line.starts_with("WRONG")).collect();
        assert!(wrong.len() == 1 && wrong[0].contains(part), "{name}={value}: {said}");
    }
    let mut scene = Scene::new(Engine::Sqlite).await?;
    scene.unset("OURA_CLIENT_SECRET");
    let ended = scene.run(&["check"], "").await?;
    let said = String::from_utf8(ended.stdout)?;
    assert!(!ended.status.success() && said.contains("missing: OURA_CLIENT_SECRET"), "{said}");
    Ok(())
}

#[tokio::test]
async fn the_doctor_knows_another_peoples_database() -> anyhow::Result<()> {
    let mut scene = Scene::new(Engine::Sqlite).await?;
    scene.somebody().await?;
    let other = scene.say(&["key", "new", "--id", "test"]).await?;
    scene.set("INTEGRATION_ENCRYPTION_KEY", &other);
    let ended = scene.run(&["check"], "").await?;
    let said = String::from_utf8(ended.stdout)?;
    let keys = said.lines().find(|line| line.contains("keys")).unwrap_or_default();
    assert!(!ended.status.success() && keys.starts_with("WRONG"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_not_gone_through() -> anyhow::Result<()> {
    let mut scene = Scene::new(Engine::Sqlite).await?;
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        // Nobody listens there.
        scene.set(name, "http://127.0.0.1:1");
    }
    let token = scene.somebody().await?;
    let server = scene.serve(&token).await?;
    server.api.connect(&scene.stand_in).await?;
    server.program.stop("INT").await
}

#[tokio::test]
async fn one_address_has_so_many_connections_unless_it_is_a_proxys() -> anyhow::Result<()> {
    for (trust_proxy, is_answered) in [("false", false), ("true", true)] {
        let mut scene = Scene::new(Engine::Sqlite).await?;
        scene.set("CONNECTIONS_PER_ADDRESS", "8");
        scene.set("TRUST_PROXY", trust_proxy);
        let token = scene.somebody().await?;
        let server = scene.serve(&token).await?;
        let address = server.api.url.replace("http://", "");
        let mut held = Vec::new();
        for _ in 0..8 {
            held.push(TcpStream::connect(&address).await?);
        }
        let answer = reqwest::get(format!("{}/health", server.api.url)).await;
        assert_eq!(answer.is_ok(), is_answered, "TRUST_PROXY={trust_proxy}: {answer:?}");
        server.program.stop("INT").await?;
    }
    Ok(())
}

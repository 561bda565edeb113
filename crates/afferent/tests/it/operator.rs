//! What an operator does at the command line, beside a server that runs or without one.

use model::Clock;
use reqwest::Method;
use serde_json::Value;
use testkit::{Engine, SignedDelivery};

use crate::{
    api::eventually,
    scene::{EMAIL, Scene},
};

#[tokio::test]
async fn tables_are_made_once() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let mut scene = Scene::new(engine).await?;
        assert!(scene.say(&["migrate"]).await?.starts_with("0 migrations"), "they are up to date");
        if engine == Engine::Sqlite {
            let file = scene.folder.path().join("new.db");
            scene.set("DATABASE_URL", &format!("sqlite:{}", file.display()));
            let said = scene.say(&["migrate"]).await?;
            assert!(!said.starts_with("0 ") && said.ends_with("the tables are up to date"), "{said}");
            assert!(scene.say(&["migrate"]).await?.starts_with("0 migrations"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn people_are_added_with_a_password_worth_the_name() -> anyhow::Result<()> {
    let scene = Scene::new(Engine::Sqlite).await?;
    let add = ["user", "add", EMAIL, "--role", "admin", "--zone", "Europe/Berlin"];
    for password in ["", "short\n"] {
        let refused = scene.run(&add, password).await?;
        let said = String::from_utf8(refused.stderr)?;
        assert!(!refused.status.success() && said.contains("password"), "{said}");
    }
    let added = scene.run(&add, "correct horse battery staple\n").await?;
    let said = String::from_utf8(added.stdout)?;
    assert!(added.status.success() && said.contains(EMAIL) && said.contains("admin"), "{said}");
    let twin = scene.run(&add, "correct horse battery staple\n").await?;
    let said = String::from_utf8(twin.stderr)?;
    assert!(!twin.status.success() && said.contains("already"), "{said}");
    for wrong in [["--role", "king"], ["--zone", "Mars/Olympus"]] {
        let arguments = ["user", "add", "bob@afferent.example", wrong[0], wrong[1]];
        let refused = scene.run(&arguments, "correct horse battery staple\n").await?;
        assert!(!refused.status.success(), "{wrong:?}");
    }
    Ok(())
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked() -> anyhow::Result<()> {
    let scene = Scene::new(Engine::Sqlite).await?;
    let token = scene.somebody().await?;
    let server = scene.serve(&token).await?;
    server.api.status().await?;
    let listed = scene.say(&["token", "list", EMAIL]).await?;
    assert!(listed.lines().count() == 1 && listed.contains("story") && !listed.contains(&token), "{listed}");
    let id = listed.split_whitespace().next().unwrap_or_default();
    assert_eq!(scene.say(&["token", "revoke", EMAIL, id]).await?, "revoked");
    let refused = server.api.status().await.map_err(|error| error.to_string());
    assert!(refused.as_ref().is_err_and(|error| error.contains("401")), "{refused:?}");
    assert_eq!(scene.say(&["token", "list", EMAIL]).await?, "");

    let narrow = ["token", "new", EMAIL, "--name", "narrow", "--scopes", "context:read", "--expires-in", "1"];
    let narrow = scene.say(&narrow).await?;
    let narrow = crate::api::Api::new(&server.api.url, &narrow)?;
    let refused = narrow.status().await.map_err(|error| error.to_string());
    assert!(refused.as_ref().is_err_and(|error| error.contains("403")), "{refused:?}");
    let said = scene.complain(&["token", "new", EMAIL, "--name", "x", "--scopes", "everything"]).await?;
    assert!(said.contains("everything"), "{said}");
    let said = scene.complain(&["token", "new", EMAIL, "--name", "x", "--service"]).await?;
    assert!(said.contains("administrator"), "{said}");
    let said = scene.complain(&["token", "list", "nobody@afferent.example"]).await?;
    assert!(said.contains("nobody@afferent.example"), "{said}");
    server.program.stop("INT").await
}

#[tokio::test]
async fn a_sync_is_asked_for_and_shown() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let scene = Scene::new(engine).await?;
        let token = scene.somebody().await?;
        let said = scene.complain(&["sync", EMAIL, "oura"]).await?;
        assert!(said.contains("not connected"), "{said}");
        let server = scene.serve(&token).await?;
        server.api.connect(&scene.stand_in).await?;
        server.api.backfilled().await?;
        server.program.stop("TERM").await?;

        let said = scene.say(&["sync", EMAIL, "oura", "--days", "3"]).await?;
        let scores = said.lines().find(|line| line.ends_with("  daily_sleep")).unwrap_or_default();
        assert!(scores.trim_start().starts_with(['2', '3']), "{said}");
        let one = scene.say(&["sync", EMAIL, "oura", "--type", "daily_sleep"]).await?;
        assert_eq!(one.lines().count(), 1, "{one}");
        for wrong in [["--days", "0"], ["--days", "91"], ["--type", "dreams"]] {
            scene.complain(&["sync", EMAIL, "oura", wrong[0], wrong[1]]).await?;
        }
        let said = scene.complain(&["sync", EMAIL, "nobody"]).await?;
        assert!(said.contains("no provider is called nobody"), "{said}");

        let trouble = serde_json::json!({ "kind": "error", "times": 50, "path": "/v2/usercollection/workout" });
        scene.stand_in.trouble(trouble).await?;
        let ended = scene.run(&["sync", EMAIL, "oura", "--days", "1"], "").await?;
        let said = String::from_utf8(ended.stdout)?;
        assert!(!ended.status.success() && said.contains("failed  workout"), "{said}");
        assert!(said.contains("  daily_sleep"), "what works is brought all the same: {said}");

        let said = scene.say(&["rederive"]).await?;
        assert!(said.contains(" 0 would change") && said.lines().count() == 1, "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn the_description_is_that_of_the_server() -> anyhow::Result<()> {
    let scene = Scene::new(Engine::Sqlite).await?;
    let printed: Value = serde_json::from_str(&scene.say(&["openapi"]).await?)?;
    assert!(printed["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    let server = scene.serve("nobody's").await?;
    let served: Value = server.api.get("/openapi.json").await?;
    assert_eq!(served["paths"], printed["paths"]);
    server.program.stop("INT").await
}

#[tokio::test]
async fn deliveries_are_listed_and_replayed() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let scene = Scene::new(engine).await?;
        let server = scene.serve("nobody's").await?;
        let delivery = SignedDelivery::signed_with("sandbox-secret", b"not understood", Clock::system().now());
        let path = "/api/v1/integrations/oura/webhook";
        let sent = server.api.request(Method::POST, path).headers(delivery.headers).body(delivery.body).send().await?;
        assert_eq!(sent.status(), 200);
        let dead = ["deliveries", "list", "--state", "dead"];
        let looked = async || Ok(Some(scene.say(&dead).await?).filter(|listed| listed.contains("could not be read")));
        let listed = eventually("a dead letter", looked).await?;
        server.program.stop("TERM").await?;
        let id = listed.split_whitespace().next().unwrap_or_default();
        assert_eq!(scene.say(&["deliveries", "replay", id]).await?, "the server does it again");
        assert!(scene.say(&["deliveries", "list"]).await?.contains("received"));
        assert!(scene.say(&["deliveries", "replay", "--dead"]).await?.contains(" 0 again"));
        assert!(scene.complain(&["deliveries", "list", "--state", "odd"]).await?.contains("odd"));
        for wrong in [&["deliveries", "replay"][..], &["deliveries", "replay", id, "--dead"]] {
            scene.complain(wrong).await?;
        }
    }
    Ok(())
}

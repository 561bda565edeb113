//! A refresh token in the settings connects one person without a browser, once.

use testkit::Engine;

use crate::scene::{EMAIL, Scene};

#[tokio::test]
async fn the_initial_refresh_token_is_used_once() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let mut scene = Scene::new(engine).await?;
        let token = scene.somebody().await?;
        scene.set("OURA_INITIAL_REFRESH_TOKEN", &scene.initial_refresh_token().await?);
        let server = scene.serve(&token).await?;
        let status = server.api.backfilled().await?;
        assert_eq!(status["state"], "active");
        assert!(!status["consent"].is_null(), "the operator answers for it");
        server.program.stop("TERM").await?;

        let server = scene.serve(&token).await?;
        assert_eq!(server.api.sync().await?["success"], true);
        let calls = scene.stand_in.stats().await?["token"]["by_grant"]["refresh_token"].clone();
        assert_eq!((&calls["ok"], &calls["refused"]), (&1.into(), &0.into()), "{calls}");
        server.program.stop("TERM").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_dead_token_is_said_and_the_server_runs_all_the_same() -> anyhow::Result<()> {
    let mut scene = Scene::new(Engine::Sqlite).await?;
    let token = scene.somebody().await?;
    scene.set("OURA_INITIAL_REFRESH_TOKEN", "long-dead");
    scene.set("OURA_INITIAL_USER", EMAIL);
    let server = scene.serve(&token).await?;
    assert_eq!(server.api.status().await?["connected"], false);
    let said = server.program.complaints();
    assert!(said.contains("the initial refresh token could not be used") && !said.contains("long-dead"), "{said}");
    server.program.stop("INT").await?;

    scene.set("OURA_INITIAL_USER", "nobody@afferent.example");
    let said = scene.complain(&["serve"]).await?;
    assert!(said.contains("nobody@afferent.example"), "{said}");
    Ok(())
}

//! The master key is replaced while the server runs.

use testkit::{Engine, TestDb};

use crate::scene::{EMAIL, Scene};

#[tokio::test]
async fn the_old_key_can_be_thrown_away() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let mut scene = Scene::new(engine).await?;
        let token = scene.somebody().await?;
        let new = scene.say(&["key", "new", "--id", "second"]).await?;
        assert!(new.starts_with("second:"), "{new}");
        scene.set("INTEGRATION_ENCRYPTION_KEY", &format!("{new},{}", TestDb::key().expose()));
        let server = scene.serve(&token).await?;
        server.api.connect(&scene.stand_in).await?;
        server.api.backfilled().await?;
        let records = server.api.records().await?;

        let said = scene.say(&["key", "rotate"]).await?;
        assert!(said.starts_with("1 ") && said.contains("second"), "{said}");
        assert!(scene.say(&["key", "rotate"]).await?.starts_with("0 "), "nothing is left to do");
        assert_eq!(server.api.records().await?, records, "the server reads on");
        assert_eq!(server.api.sync().await?["success"], true);
        server.program.stop("INT").await?;

        scene.set("INTEGRATION_ENCRYPTION_KEY", &new);
        let server = scene.serve(&token).await?;
        assert!(server.api.records().await?.len() >= records.len());
        assert_eq!(server.api.sync().await?["success"], true, "the tokens open too");
        assert_eq!(scene.say(&["token", "list", EMAIL]).await?.lines().count(), 1);
        server.program.stop("INT").await?;

        scene.set("INTEGRATION_ENCRYPTION_KEY", TestDb::key().expose());
        let ended = scene.run(&["check"], "").await?;
        assert!(!ended.status.success(), "the old key opens nothing any more");
    }
    Ok(())
}

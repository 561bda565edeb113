//! Where traces are collected, they tell what was done, under names that people look for.

use testkit::Engine;

use crate::{api::eventually, collector::Collector, scene::Scene};

#[tokio::test]
async fn requests_jobs_and_calls_are_told_to_a_collector() -> anyhow::Result<()> {
    for engine in Engine::all() {
        let mut scene = Scene::new(engine).await?;
        let collector = Collector::open().await?;
        scene.set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
        scene.set("OTEL_BSP_SCHEDULE_DELAY", "50");
        scene.set("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=story");
        let token = scene.somebody().await?;
        let server = scene.serve(&token).await?;
        server.api.connect(&scene.stand_in).await?;
        server.api.backfilled().await?;
        let parts = [
            "service.name",
            "afferent",
            "deployment.environment.name",
            "GET /api/v1/integrations/{provider}/callback",
            "job sync",
            "fetch",
            "GET 127.0.0.1",
            "daily_sleep",
            "outcome",
        ];
        for part in parts {
            let told = async || Ok(collector.heard().contains(part).then_some(()));
            eventually(part, told).await?;
        }
        server.program.stop("INT").await?;
        let told = collector.heard();
        for odd in ["http://", "usercollection", "/callback?", "access_token"] {
            assert!(!told.contains(odd), "{odd} is told");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nothing_up() -> anyhow::Result<()> {
    let mut scene = Scene::new(Engine::Sqlite).await?;
    scene.set("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    scene.set("OTEL_BSP_SCHEDULE_DELAY", "50");
    let token = scene.somebody().await?;
    let server = scene.serve(&token).await?;
    let complained = async || {
        server.api.get("/api/v1/me").await?;
        let said = server.program.complaints();
        Ok(said.contains("the collector does not take traces").then_some(said.matches("the collector").count()))
    };
    assert_eq!(eventually("a complaint", complained).await?, 1, "once is enough");
    server.program.stop("INT").await
}

//! With the log at its most talkative, nothing in it is anybody else's business.

use reqwest::Url;
use serde_json::json;
use testkit::{Engine, TestDb};

use crate::{
    api::eventually,
    scene::{EMAIL, Scene},
};

/// What only pages, records and contexts talk about. (`sleep_score` alone is a kind, and may be named.)
const HEALTH: [&str; 7] = ["\"score", "Sleep Score", "/100", "hrv_rmssd", "bpm", "resting_heart", "efficiency"];

#[tokio::test]
async fn no_line_of_the_log_tells_a_secret() -> anyhow::Result<()> {
    for (engine, format) in Engine::all().into_iter().zip(["json", "text"]) {
        let mut scene = Scene::new(engine).await?;
        scene.set("LOG", "trace");
        scene.set("LOG_FORMAT", format);
        let token = scene.somebody().await?;
        let refresh_token = scene.initial_refresh_token().await?;
        let server = scene.serve(&token).await?;
        let way_back = server.api.connect(&scene.stand_in).await?;
        let status = server.api.backfilled().await?;
        let label = status["account"]["label"].as_str().unwrap_or_default().to_owned();
        assert!(label.contains('@'), "the account has an address: {status}");

        let context = server.api.context().await?;
        assert!(context.contains("Sleep Score"));
        scene.stand_in.trouble(json!({ "kind": "expire_tokens" })).await?;
        server.api.sync().await?;
        scene.stand_in.trouble(json!({ "kind": "malformed", "path": "/v2/usercollection/daily_sleep" })).await?;
        server.api.sync().await?;
        scene.stand_in.trouble(json!({ "kind": "revoke_consent" })).await?;
        let _ = server.api.sync().await;
        let refused = server.api.request(reqwest::Method::GET, &way_back).send().await?;
        assert!(refused.status().is_client_error(), "a way back is gone once");
        sign_in(&scene, &server.api.url).await?;

        let program = server.program;
        let lines = eventually("a talkative log", async || {
            let said = program.complaints();
            Ok((said.len() > 100_000).then_some(said))
        })
        .await?;
        let mut secrets: Vec<String> = Url::parse(&way_back)?
            .query_pairs()
            .filter(|(name, _)| name == "code" || name == "state")
            .map(|(_, value)| value.into_owned())
            .collect();
        assert_eq!(secrets.len(), 2);
        let key = TestDb::key().expose().split(':').next_back().unwrap_or_default().to_owned();
        let grant = refresh_token.split('.').next().unwrap_or_default()[..24].to_owned();
        secrets.extend([token, refresh_token, grant, key, label, EMAIL.to_owned(), "sandbox-secret".to_owned()]);
        secrets.extend(["correct horse".to_owned()].into_iter().chain(HEALTH.map(str::to_owned)));
        for secret in secrets {
            let told = lines.lines().find(|line| line.contains(&secret)).map(|line| &line[..line.len().min(600)]);
            assert!(told.is_none(), "{secret} is in the log: {told:?}");
        }
        program.stop("INT").await?;
    }
    Ok(())
}

/// Signs in with a wrong password and the right one.
async fn sign_in(scene: &Scene, url: &str) -> anyhow::Result<()> {
    for password in ["correct horse battery", "correct horse battery staple"] {
        let form = [("email", EMAIL), ("password", password)];
        let request = crate::api::http()?.post(format!("{url}/sign-in")).form(&form);
        let _ = request.header("origin", scene.public_url()).send().await?;
    }
    Ok(())
}

//! With logs, traces and metrics at their most talkative, nothing in them is anybody else's business.

use anyhow::Context;
use futures::future::try_join_all;
use reqwest::{Method, RequestBuilder, Url, header::SET_COOKIE};
use serde_json::json;
use testkit::{Engine, TestDb};

use crate::{
    api::{Api, eventually, http, read},
    collector::Collector,
    reader::{Way, stay},
    scene::{EMAIL, Scene},
    telling::telling,
};

/// What only pages and contexts talk about, beside what is in the records. (`sleep_score` alone is a kind, and may be
/// named, and so may a thing's identity at its provider.)
const HEALTH: [&str; 7] = ["\"score", "Sleep Score", "/100", "hrv_rmssd", "bpm", "resting_heart", "efficiency"];
const VERIFICATION: &str = "a-verification-token";
const WEBHOOKS: &str = "/api/v1/webhooks";

#[tokio::test]
async fn nothing_that_watches_tells_a_secret() -> anyhow::Result<()> {
    for (engine, format) in Engine::all().into_iter().zip(["json", "text"]) {
        let collector = Collector::open().await?;
        let mut scene = talkative(engine, format, &collector).await?;
        let (token, scraper) = people(&scene).await?;
        let refresh_token = scene.initial_refresh_token().await?;
        let server = scene.serve_in_reach(&token).await?;
        let readers =
            [tokio::spawn(stay(Way::Sse, &server.api).await?), tokio::spawn(stay(Way::Socket, &server.api).await?)];
        let mut secrets = live(&scene, &server.api).await?;
        let bodies = server.api.records().await?;
        let told = telling(bodies.values());
        assert!(told.len() > 100, "records tell much: {told:?}");
        secrets.extend(told);
        secrets.extend(webhooks(&scene, &server.api, &scraper, &collector).await?);
        secrets.extend(sign_in(&server.api.url).await?);

        let metrics = metrics(&server.api, &scraper).await?;
        let told = async || Ok((collector.heard().len() > 10_000).then_some(()));
        eventually("traces", told).await?;
        let program = server.program;
        let long = async || Ok((program.complaints().len() > 100_000).then_some(()));
        eventually("a talkative log", long).await?;
        let lines = program.complaints();
        program.stop("INT").await?;
        for reader in readers {
            reader.await??;
        }

        let key = TestDb::key().expose().split(':').next_back().unwrap_or_default().to_owned();
        let grant = refresh_token.split('.').next().unwrap_or_default()[..24].to_owned();
        secrets.extend([token, scraper, refresh_token, grant, key, EMAIL.to_owned(), VERIFICATION.to_owned()]);
        secrets.extend(["sandbox-secret", "correct horse"].map(str::to_owned));
        secrets.extend(HEALTH.map(str::to_owned));
        for (name, text) in [("the log", &lines), ("the metrics", &metrics), ("the traces", &collector.heard())] {
            for secret in &secrets {
                let told = text.lines().find(|line| stands_in(line, secret)).map(|line| line.chars().take(600));
                assert!(told.is_none(), "{secret} is in {name}: {:?}", told.map(String::from_iter));
            }
            assert!(!holds_signature(text), "a signature is in {name}");
        }
    }
    Ok(())
}

async fn talkative(engine: Engine, format: &str, collector: &Collector) -> anyhow::Result<Scene> {
    let mut scene = Scene::new(engine).await?;
    scene.set("LOG", "trace");
    scene.set("LOG_FORMAT", format);
    scene.set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    scene.set("OTEL_BSP_SCHEDULE_DELAY", "100");
    scene.set("OURA_WEBHOOK_VERIFICATION_TOKEN", VERIFICATION);
    scene.set("WEBHOOK_TRUSTED_HOSTS", "127.0.0.1");
    Ok(scene)
}

/// The tokens of somebody, and of a scraper that watches what happens, too.
async fn people(scene: &Scene) -> anyhow::Result<(String, String)> {
    let token = scene.somebody().await?;
    let root = ["user", "add", "root@afferent.example", "--role", "admin"];
    anyhow::ensure!(scene.run(&root, "correct horse battery staple\n").await?.status.success());
    let new = ["token", "new", "root@afferent.example", "--name", "scraper", "--service"];
    let scopes = ["--scopes", "metrics:read records:read"];
    Ok((token, scene.say(&[&new[..], &scopes].concat()).await?))
}

/// A person connects, reads and syncs, and everything goes wrong once. Yields what nobody else may know.
async fn live(scene: &Scene, api: &Api) -> anyhow::Result<Vec<String>> {
    let way_back = api.connect(&scene.stand_in).await?;
    let status = api.backfilled().await?;
    let label = status["account"]["label"].as_str().unwrap_or_default().to_owned();
    assert!(label.contains('@'), "the account has an address: {status}");
    assert!(api.context().await?.contains("Sleep Score"));
    scene.stand_in.trouble(json!({ "kind": "expire_tokens" })).await?;
    api.sync().await?;
    scene.stand_in.trouble(json!({ "kind": "malformed", "path": "/v2/usercollection/daily_sleep" })).await?;
    api.sync().await?;
    let refused = api.request(Method::GET, &way_back).send().await?;
    assert!(refused.status().is_client_error(), "a way back is gone once");
    let url = Url::parse(&way_back)?;
    let told = url.query_pairs().filter(|(name, _)| name == "code" || name == "state");
    let secrets: Vec<_> = told.map(|(_, value)| value.into_owned()).chain([label]).collect();
    assert_eq!(secrets.len(), 3);
    Ok(secrets)
}

/// A night is deleted: the provider tells of it, rightly and wrongly signed, a stream, a program of the person and an
/// administrator hear of it; then the person takes their consent back. Yields the secrets of all that.
async fn webhooks(scene: &Scene, api: &Api, scraper: &str, collector: &Collector) -> anyhow::Result<Vec<String>> {
    let url = format!("{}/hook/a-secret-path", collector.url);
    let made = read(api.request(Method::POST, WEBHOOKS).json(&json!({ "name": "program", "url": url }))).await?;
    let secret = made["secret"].as_str().context("the webhook has a secret")?.to_owned();
    let watch = http()?.get(format!("{}/api/v1/events/live", api.url)).bearer_auth(scraper);
    let streams = [api.request(Method::GET, "/api/v1/events/stream"), watch].map(RequestBuilder::send);
    let streams = try_join_all(streams).await?;
    scene.stand_in.subscribed().await?;
    scene.stand_in.trouble(json!({ "kind": "forge_webhook" })).await?;
    let page = api.get("/api/v1/records?kind=sleep_score&limit=1").await?;
    let gone = page["records"][0]["provider_id"].as_str().context("a night")?;
    scene.stand_in.delete("daily_sleep", gone).await?;
    let counted = async |part: &str| {
        let told = metrics(api, scraper).await?;
        let line = told.lines().find_map(|line| line.strip_prefix(part).map(str::to_owned));
        Ok(line.filter(|value| value.trim() != "0"))
    };
    for outcome in ["accepted", "forged"] {
        let part = format!("afferent_webhook_deliveries_total{{provider=\"oura\",outcome=\"{outcome}\"}}");
        eventually(outcome, async || counted(&part).await).await?;
    }
    for stream in streams {
        let (mut stream, mut heard) = (stream.error_for_status()?, String::new());
        while !heard.contains("event: removed") {
            heard.push_str(&String::from_utf8_lossy(&stream.chunk().await?.context("the stream ended")?));
        }
    }
    let sent = async || Ok((collector.knocks() > 0).then_some(()));
    eventually("a webhook of the program", sent).await?;
    scene.stand_in.trouble(json!({ "kind": "revoke_consent" })).await?;
    let _ = api.sync().await;
    Ok(vec![secret.trim_start_matches("whsec_").to_owned(), "a-secret-path".to_owned()])
}

async fn metrics(api: &Api, scraper: &str) -> anyhow::Result<String> {
    let scrape = http()?.get(format!("{}/metrics", api.url)).bearer_auth(scraper);
    Ok(scrape.send().await?.error_for_status()?.text().await?)
}

/// Signs in with a wrong password and the right one. Yields the cookie.
async fn sign_in(url: &str) -> anyhow::Result<Vec<String>> {
    let mut cookies = Vec::new();
    for password in ["correct horse battery", "correct horse battery staple"] {
        let form = [("email", EMAIL), ("password", password)];
        let answer = http()?.post(format!("{url}/sign-in")).form(&form).header("origin", url).send().await?;
        let set = answer.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let value = set.and_then(|set| set.split(['=', ';']).nth(1));
        cookies.extend(value.map(str::to_owned));
    }
    assert_eq!(cookies.len(), 1);
    Ok(cookies)
}

/// Whether a line tells a secret. A number that is only a part of a longer one, as of an instant, is another number.
fn stands_in(line: &str, secret: &str) -> bool {
    let digit = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
    let longer = |before: &str, after: &str| {
        (digit(secret.chars().next()) && digit(before.chars().next_back()))
            || (digit(secret.chars().next_back()) && digit(after.chars().next()))
    };
    line.match_indices(secret).any(|(at, found)| !longer(&line[..at], &line[at + found.len()..]))
}

/// The providers sign in 64 hexadecimal digits; nothing else has as many in upper case.
fn holds_signature(text: &str) -> bool {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let hex = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
    words.into_iter().any(|word| word.len() == 64 && hex(word))
}

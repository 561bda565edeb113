//! What every answer has, and what is said when a request makes no sense.

use model::{Role, Scopes};
use serde_json::json;
use tokio::time::timeout;
use web::ProblemId;

use crate::{
    doors::{Doors, ask, get, post},
    listener::NEVER,
};

#[tokio::test]
async fn every_answer_has_a_request_id_and_security_headers() {
    let doors = Doors::open().await;
    for path in ["/health", "/sign-in", "/nowhere", "/api/v1/me", "/openapi.json", "/docs/problems"] {
        let answer = doors.send(get(path)).await;
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
    }
    let named = doors.send(get("/health").with("x-request-id", "mine")).await;
    assert_eq!(named.header("x-request-id"), "mine");
    let forged = doors.send(post("/sign-in").form(&[]).with("sec-fetch-site", "cross-site")).await;
    assert!(!forged.header("x-request-id").is_empty() && !forged.header("content-security-policy").is_empty());
}

#[tokio::test]
async fn a_problem_is_data_for_programs_and_a_page_for_people() {
    let doors = Doors::open().await;
    let data = doors.send(get("/nowhere")).await;
    assert_eq!((data.status, data.problem().as_str()), (404, "not-found"));
    let page = doors.send(get("/nowhere").browser()).await;
    assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"));
    assert!(page.has("<!doctype html>") && page.has("Not found"));
    let packed = doors.send(get("/nowhere").browser().with("accept-encoding", "gzip")).await;
    assert_eq!(packed.header("content-encoding"), "", "the page is not called packed when it is not");
    assert!(packed.has("<!doctype html>"));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let doors = Doors::open().await;
    let user = doors.somebody("ada@example.org", Role::Member).await;
    let token = doors.token(&user, Scopes::personal()).await;
    let tokens = || post("/api/v1/tokens").bearer(&token);
    let table = [
        (tokens().body("application/json", "{"), 400, "malformed"),
        (tokens().body("application/json", "[]"), 422, "invalid"),
        (tokens().body("text/plain", "{}"), 415, "unsupported-media-type"),
        (tokens().json(&json!({ "name": "x".repeat(2_000_000), "scopes": [] })), 413, "too-large"),
        (tokens().json(&json!({ "name": "Coach", "scopes": ["everything"] })), 422, "invalid"),
        (get("/api/v1/records?limit=0").bearer(&token), 422, "invalid"),
        (get("/api/v1/records?from=yesterday").bearer(&token), 422, "invalid"),
        (get("/api/v1/records?kind=mood").bearer(&token), 422, "invalid"),
        (get("/api/v1/records?cursor=x").bearer(&token), 422, "invalid"),
        (get("/api/v1/events?after=-1").bearer(&token), 422, "invalid"),
        (get("/api/v1/context?max_tokens=0").bearer(&token), 422, "invalid"),
        (get("/api/v1/integrations/nothing/status").bearer(&token), 404, "not-found"),
        (post("/api/v1/integrations/oura/sync?days=91").bearer(&token), 422, "invalid"),
        (post("/api/v1/integrations/oura/sync?days=7").bearer(&token), 404, "not-connected"),
        (post("/api/v1/integrations/oura/auth").bearer(&token).json(&json!({ "kinds": ["mood"] })), 422, "invalid"),
        (post("/api/v1/integrations/oura/auth").bearer(&token).json(&json!({ "kinds": [] })), 422, "invalid"),
        (ask("put", "/api/v1/tokens").bearer(&token), 405, "method-not-allowed"),
        (post("/sharing").body("application/json", "{}"), 303, ""),
    ];
    for (number, (ask, status, problem)) in table.into_iter().enumerate() {
        let answer = doors.send(ask).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "case {number}: {answer:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_comes() {
    let doors = Doors::open().await;
    let large = |path: &str| post(path).stalling("application/json", "{").with("content-length", "2000000");
    for path in ["/api/v1/tokens", "/api/v1/integrations/oura/webhook", "/sign-in"] {
        let answer = doors.send(large(path).with("origin", "https://app.test")).await;
        assert_eq!((answer.status, answer.problem().as_str()), (413, "too-large"), "{path}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.test", "{path}");
    }
    let page = doors.send(large("/sign-in").browser()).await;
    assert_eq!((page.status, page.header("content-type")), (413, "text/html; charset=utf-8"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    for (path, media_type, half) in [
        ("/api/v1/tokens", json, "{"),
        ("/api/v1/integrations/oura/webhook", json, "{"),
        ("/sign-in", form, "email="),
        ("/settings/password", form, "current="),
    ] {
        let answer = doors.send(post(path).cookie(&cookie).stalling(media_type, half));
        let answer = timeout(NEVER, doors.house.while_time_passes(answer)).await.expect("it is still waited for");
        assert_eq!((answer.status, answer.problem().as_str()), (408, "too-slow"), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn every_problem_is_explained() {
    let doors = Doors::open().await;
    let page = doors.send(get("/docs/problems")).await;
    for problem in ProblemId::ALL {
        let (id, ..) = problem.facts();
        assert!(page.has(&format!("id=\"{id}\"")), "{id}");
    }
}

#[tokio::test]
async fn the_description_is_served_and_browsable_offline() {
    let doors = Doors::open().await;
    let served = doors.send(get("/openapi.json")).await.json();
    assert_eq!(served, serde_json::to_value(web::openapi()).unwrap());
    let page = doors.send(get("/docs/")).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(!page.has("src=\"http") && !page.has("href=\"http"), "{page:?}");
}

#[tokio::test]
async fn health_and_readiness() {
    let doors = Doors::open().await;
    assert_eq!(doors.send(get("/health")).await.json()["status"], json!("alive"));
    let ready = doors.send(get("/ready")).await;
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &json!(true)), "{ready:?}");
    doors.house.test.db.close().await;
    doors.house.clock.turn(std::time::Duration::from_secs(2));
    let broken = doors.send(get("/ready")).await;
    assert_eq!((broken.status, &broken.json()["ready"]), (503, &json!(false)), "{broken:?}");
    assert_eq!(doors.send(get("/health")).await.status, 200);
}

#[tokio::test]
async fn only_scripts_of_listed_origins_may_call() {
    let doors = Doors::open().await;
    let preflight =
        |origin: &str| ask("options", "/api/v1/me").with("origin", origin).with("access-control-request-method", "GET");
    let ours = doors.send(preflight("https://app.test")).await;
    assert_eq!(ours.header("access-control-allow-origin"), "https://app.test");
    let theirs = doors.send(preflight("https://evil.example")).await;
    assert_eq!(theirs.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn what_nobody_knows_is_refused_and_named() {
    let doors = Doors::open().await;
    let admin = doors.somebody("admin@example.org", Role::Admin).await;
    let app = doors.service_token(&admin, Scopes::all()).await;
    let of = format!("?user_id={}", admin.id);
    let bodies = [
        ("patch", format!("/api/v1/integrations/oura{of}"), json!({ "oura_integration": { "enabled": false } })),
        ("post", "/api/v1/connect-links".to_owned(), json!({ "external_user_id": "a", "return_url": "b", "x": 1 })),
        ("post", "/api/v1/connect-links/redeem".to_owned(), json!({ "code": "a", "x": 1 })),
        ("post", "/api/v1/users".to_owned(), json!({ "external_id": "a", "role": "admin" })),
        (
            "post",
            format!("/api/v1/integrations/oura/confirm{of}"),
            json!({ "connection_id": "01990000-0000-7000-8000-000000000000", "preserve": true }),
        ),
    ];
    for (method, path, body) in bodies {
        let answer = doors.send(ask(method, &path).bearer(&app).json(&body)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (422, "invalid"), "{path}: {answer:?}");
        let field = answer.json()["field"].as_str().unwrap_or_default().to_owned();
        assert!(["oura_integration", "x", "role", "preserve"].contains(&field.as_str()), "{path}: {answer:?}");
    }
    let body = json!({ "enabled": false, "sharing": { "sleep": false } });
    let changed = doors.send(ask("patch", &format!("/api/v1/integrations/oura{of}")).bearer(&app).json(&body)).await;
    assert_eq!((changed.status, &changed.json()["sharing"]["everything"]), (200, &json!(false)), "{changed:?}");
}

#[tokio::test]
async fn what_is_wrong_in_a_query_is_said_in_words() {
    let doors = Doors::open().await;
    let user = doors.somebody("ada@example.org", Role::Admin).await;
    let (token, service) =
        (doors.token(&user, Scopes::personal()).await, doors.service_token(&user, Scopes::all()).await);
    let table = [
        (post("/api/v1/integrations/oura/sync?days=many"), "days", "is not a whole number"),
        (post("/api/v1/integrations/oura/sync?wait=perhaps"), "wait", "is neither true nor false"),
        (get("/api/v1/records?limit="), "limit", "is empty"),
        (get("/api/v1/records?from=yesterday"), "from", "is not a day"),
        (get("/api/v1/records?to=2026-02-30"), "to", "is not valid"),
        (get("/api/v1/users?after=x"), "after", "is not an identifier"),
        (post("/api/v1/integrations/oura/sync?days=9999999999"), "days", "is out of range"),
        (post("/api/v1/tokens").json(&json!({ "scopes": [] })), "name", "is missing"),
    ];
    for (ask, field, words) in table {
        let caller = if field == "after" { &service } else { &token };
        let answer = doors.send(ask.bearer(caller)).await;
        assert_eq!((answer.status, &answer.json()["field"]), (422, &json!(field)), "{answer:?}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(words) && !detail.contains("deserialize"), "{detail}");
    }
}

#[tokio::test]
async fn what_is_no_text_names_nothing() {
    let doors = Doors::open().await;
    let admin = doors.somebody("admin@example.org", Role::Admin).await;
    let token = doors.service_token(&admin, Scopes::all()).await;
    for path in ["/api/v1/jobs/%80", "/api/v1/integrations/%ff/status", "/link/%c3", "/nowhere/%80"] {
        let answer = doors.send(get(path).bearer(&token)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"), "{path}: {answer:?}");
    }
}

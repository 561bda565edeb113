//! Consent, tokens, revocation.

use std::time::Duration;

use http::StatusCode;
use jiff::ToSpan as _;

use crate::client::{ALL, CALLBACK, World, options, pair};

const ASK: &str = "/oura/oauth/authorize?response_type=code&client_id=app";

#[tokio::test]
async fn a_person_is_asked_and_allows() {
    let world = World::new();
    let page = world.get(&format!("{ASK}&redirect_uri={CALLBACK}&scope=daily+nonsense+spo2&state=a%22b"), "").await;
    assert_eq!(page.status, StatusCode::OK);
    let html = page.text();
    assert!(
        html.contains("sandbox") && html.contains("value=\"daily\" checked") && html.contains("value=\"spo2\" checked")
    );
    assert!(!html.contains("nonsense") && !html.contains("value=\"tag\"") && html.contains("a&quot;b"));
    let form = [
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("state", "a\"b"),
        ("scope", "daily"),
        ("decision", "allow"),
    ];
    let back = world.post("/oura/oauth/authorize", &form).await;
    assert_eq!(back.status, StatusCode::FOUND);
    assert!(back.location().as_str().starts_with(CALLBACK));
    assert_eq!((back.told("state").as_deref(), back.told("scope").as_deref()), (Some("a\"b"), Some("daily")));
    let tokens = world.exchange(&back.told("code").unwrap()).await.json();
    assert_eq!((tokens["token_type"].as_str(), tokens["expires_in"].as_i64()), (Some("bearer"), Some(86_400)));
}

#[tokio::test]
async fn a_person_may_deny_or_be_somebody_else() {
    let world = World::new();
    let form = [("response_type", "code"), ("client_id", "app"), ("decision", "deny"), ("state", "s")];
    let back = world.post("/oauth/authorize", &form).await;
    assert_eq!((back.told("error").as_deref(), back.told("state").as_deref()), (Some("access_denied"), Some("s")));
    let people = world.control(http::Method::GET, "/_control/people", &serde_json::Value::Null).await.json();
    let other = people["people"][1]["account_id"].as_str().unwrap().to_owned();
    let form = [
        ("response_type", "code"),
        ("client_id", "app"),
        ("decision", "allow"),
        ("account", &other),
        ("scope", "daily"),
    ];
    let code = world.post("/oauth/authorize", &form).await.told("code").unwrap();
    let (access, _) = pair(&world.token(&[("grant_type", "authorization_code"), ("code", &code)]).await);
    let person = world.get("/v2/usercollection/personal_info", &access).await.json();
    assert_eq!(person["id"], other);
    assert_ne!(Some(other), world.sandbox.account_id("oura"));
}

#[tokio::test]
async fn strangers_and_strange_addresses_are_never_called_back() {
    let world = World::new();
    for query in
        ["response_type=code&client_id=other", "response_type=code&client_id=app&redirect_uri=https://evil.example/"]
    {
        let page = world.get(&format!("/oauth/authorize?{query}"), "").await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(page.headers.get("location").is_none());
    }
    let back = world.get("/oauth/authorize?response_type=token&client_id=app", "").await;
    assert_eq!(back.told("error").as_deref(), Some("unsupported_response_type"));
}

#[tokio::test]
async fn a_code_is_used_once_soon_and_where_it_was_sent() {
    let world = World::new();
    let code = world.consent("daily").await;
    pair(&world.exchange(&code).await);
    let again = world.exchange(&code).await;
    assert_eq!((again.status, again.json()["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_grant")));
    let late = world.consent("daily").await;
    world.clock.turn(Duration::from_secs(601));
    assert_eq!(world.exchange(&late).await.json()["error"], "invalid_grant");
    let code = world.consent("daily").await;
    let elsewhere = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "https://other.example/")];
    assert_eq!(world.token(&elsewhere).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_challenge_is_enforced() {
    // The example of RFC 7636, appendix B.
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let world = World::new();
    for (presented, good) in [(Some(verifier), true), (Some("wrong"), false), (None, false)] {
        let form = [
            ("response_type", "code"),
            ("client_id", "app"),
            ("decision", "allow"),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ];
        let code = world.post("/oauth/authorize", &form).await.told("code").unwrap();
        let mut form = vec![("grant_type", "authorization_code"), ("code", code.as_str())];
        form.extend(presented.map(|verifier| ("code_verifier", verifier)));
        assert_eq!(world.token(&form).await.status.is_success(), good, "{presented:?}");
    }
}

#[tokio::test]
async fn a_refresh_token_is_used_once() {
    let world = World::new();
    let (_, first) = world.connect("daily").await;
    let (access, second) = pair(&world.refresh(&first).await);
    let again = world.refresh(&first).await;
    let told = again.json();
    assert_eq!((again.status, told["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_grant")));
    assert_eq!((told["status"].as_i64(), told["title"].as_str()), (Some(400), Some("Bad Request")));
    assert_eq!(world.get("/v2/usercollection/daily_sleep", &access).await.status, StatusCode::OK);
    pair(&world.refresh(&second).await);
    let stats = world.sandbox.faults("oura").unwrap().stats();
    assert_eq!((stats.token.ok, stats.token.refused, stats.refreshes()), (3, 1, 2));
}

#[tokio::test]
async fn within_the_grace_a_used_refresh_token_gives_the_newest_pair() {
    let world = World::new();
    world.sandbox.faults("oura").unwrap().set_refresh_grace(Duration::from_secs(60));
    let (_, first) = world.connect("daily").await;
    let (_, second) = pair(&world.refresh(&first).await);
    let (_, same) = pair(&world.refresh(&first).await);
    assert_eq!(second, same);
    world.clock.turn(Duration::from_secs(61));
    assert_eq!(world.refresh(&first).await.status, StatusCode::BAD_REQUEST);
    pair(&world.refresh(&second).await);
}

#[tokio::test]
async fn applications_prove_themselves() {
    let world = World::new();
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "app"), ("client_secret", "no")];
    let answer = world.post("/oauth/token", &form).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_client")));
    let (_, refresh) = world.connect("daily").await;
    // app:secret
    let request = http::Request::post("/oauth/token")
        .header("authorization", "Basic YXBwOnNlY3JldA==")
        .body(axum::body::Body::from(format!("grant_type=refresh_token&refresh_token={refresh}")))
        .unwrap();
    pair(&world.send(request).await);
}

#[tokio::test]
async fn an_access_token_lives_a_day() {
    let world = World::new();
    let (access, _) = world.connect(ALL).await;
    world.clock.turn(Duration::from_secs(86_399));
    assert_eq!(world.get("/v2/usercollection/sleep", &access).await.status, StatusCode::OK);
    world.clock.turn(Duration::from_secs(1));
    let expired = world.get("/v2/usercollection/sleep", &access).await;
    assert_eq!(expired.status, StatusCode::UNAUTHORIZED);
    assert_eq!(expired.json()["status"], 401);
    assert_eq!(world.get("/v2/usercollection/sleep", "made-up").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn revoking_ends_the_grant_by_either_method() {
    for method in [http::Method::POST, http::Method::GET] {
        let world = World::new();
        let (access, refresh) = world.connect("daily").await;
        let (other, _) = world.connect("daily").await;
        let path = format!("/oauth/revoke?access_token={access}");
        assert_eq!(world.control(method.clone(), &path, &serde_json::Value::Null).await.status, StatusCode::OK);
        assert_eq!(world.get("/v2/usercollection/sleep", &access).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.refresh(&refresh).await.json()["error"], "invalid_grant");
        assert_eq!(world.control(method, &path, &serde_json::Value::Null).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.get("/v2/usercollection/sleep", &other).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_missing_scope_is_told_in_oura_s_words() {
    let world = World::new();
    let (access, _) = world.connect("daily").await;
    let answer = world.get("/v2/usercollection/daily_spo2", &access).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json(), serde_json::json!({ "detail": "Token is not authorized access spo2 scope." }));
    assert_eq!(world.get("/v2/usercollection/daily_stress", &access).await.status, StatusCode::OK);
    let (access, _) = world.connect("stress").await;
    assert_eq!(world.get("/v2/usercollection/daily_stress", &access).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_shows_what_was_allowed() {
    let world = World::new();
    let shown = async |scopes: &str| {
        let (access, _) = world.connect(scopes).await;
        world.get("/v2/usercollection/personal_info", &access).await.json()
    };
    let (nothing, email, all) = (shown("daily").await, shown("email").await, shown(ALL).await);
    assert_eq!(nothing["id"].as_str().map(str::to_owned), world.sandbox.account_id("oura"));
    assert!(nothing["email"].is_null() && nothing["age"].is_null() && nothing.get("weight").is_some());
    assert!(email["email"].is_string() && email["age"].is_null());
    assert!(all["email"].is_string() && all["age"].is_i64() && all["height"].is_f64());
}

#[tokio::test]
async fn tokens_outlive_the_sandbox_that_gave_them() {
    let world = World::new();
    let (access, first) = world.connect("daily").await;
    let (_, second) = pair(&world.refresh(&first).await);
    let later = model::Clock::stopped_at(world.clock.now() + 1.hour());
    let sandbox = sandbox::Sandbox::new(options(later.clone(), 60, None)).unwrap();
    let reopened = World { clock: later, router: sandbox.router(), sandbox };
    assert_eq!(reopened.get("/v2/usercollection/sleep", &access).await.status, StatusCode::OK);
    pair(&reopened.refresh(&second).await);
    assert_eq!(reopened.refresh(&first).await.status, StatusCode::BAD_REQUEST);
}

//! The control routes.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::client::{ALL, World};

#[tokio::test]
async fn the_clock_is_read_and_turned() {
    let world = World::new();
    let now = world.control(Method::GET, "/_control/clock", &Value::Null).await.json();
    assert_eq!(now, json!({ "now": "2026-06-10T15:00:00Z" }));
    let turned = world.control(Method::POST, "/_control/clock", &json!({ "advance_seconds": 3600 })).await;
    assert_eq!(turned.json(), json!({ "now": "2026-06-10T16:00:00Z" }));
    assert_eq!(world.clock.now().to_string(), "2026-06-10T16:00:00Z");
    let refused = world.control(Method::POST, "/_control/clock", &json!({ "advance": 1 })).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn trouble_is_made_and_ended() {
    let world = World::new();
    let (access, _) = world.connect(ALL).await;
    let path = "/oura/v2/usercollection/tag";
    let order = json!({ "provider": "oura", "kind": "error", "times": 9, "path": path, "page_size": 2 });
    let waiting = world.control(Method::POST, "/_control/faults", &order).await.json();
    assert_eq!((&waiting["waiting"][0]["kind"], &waiting["waiting"][0]["times"]), (&json!("error"), &json!(9)));
    assert_eq!(world.get(path, &access).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(world.control(Method::DELETE, "/_control/faults", &Value::Null).await.json(), json!({ "waiting": [] }));
    assert_eq!(world.get(path, &access).await.status, StatusCode::OK);
    assert_eq!(world.read("daily_sleep?start_date=2026-05-01&end_date=2026-06-01").await.data().len(), 2);
    for (order, status) in [
        (json!({ "kind": "error" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "provider": "oura", "kind": "earthquake" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "provider": "oura", "kind": "error", "tims": 3 }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "provider": "nobody", "kind": "error" }), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(world.control(Method::POST, "/_control/faults", &order).await.status, status, "{order}");
    }
}

#[tokio::test]
async fn what_was_asked_is_told() {
    let world = World::new();
    let (access, refresh) = world.connect(ALL).await;
    world.refresh(&refresh).await;
    world.refresh(&refresh).await;
    let id = world.get("/v2/usercollection/daily_sleep", &access).await.data()[0]["id"].as_str().unwrap().to_owned();
    world.get(&format!("/oura/v2/usercollection/daily_sleep/{id}"), &access).await;
    let stats = world.control(Method::GET, "/_control/stats", &Value::Null).await.json();
    let oura = &stats["oura"];
    assert_eq!(
        (&oura["token"]["calls"], &oura["token"]["ok"], &oura["token"]["refused"]),
        (&json!(3), &json!(2), &json!(1))
    );
    assert_eq!(oura["token"]["by_grant"]["refresh_token"], json!({ "ok": 1, "refused": 1 }));
    assert_eq!(oura["requests"]["/v2/usercollection/daily_sleep/{document_id}"]["200"], 1);
    assert_eq!(oura["requests"]["/v2/usercollection/daily_sleep"]["200"], 1);
}

#[tokio::test]
async fn the_person_takes_the_consent_back() {
    let world = World::new();
    let (access, _) = world.connect(ALL).await;
    let order = json!({ "provider": "oura", "kind": "revoke_consent" });
    assert_eq!(world.control(Method::POST, "/_control/faults", &order).await.status, StatusCode::OK);
    assert_eq!(world.get("/v2/usercollection/sleep", &access).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn control_is_for_loopback_only() {
    let world = World::new();
    let outside = World { router: world.sandbox.router_at("192.0.2.1:80".parse().unwrap()), ..world };
    for path in ["/_control/clock", "/_control/stats"] {
        assert_eq!(outside.control(Method::GET, path, &Value::Null).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(outside.get("/", "").await.status, StatusCode::OK);
    let inside = World { router: outside.sandbox.router_at("127.0.0.1:80".parse().unwrap()), ..outside };
    assert_eq!(inside.control(Method::GET, "/_control/clock", &Value::Null).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_first_page_says_what_is_here() {
    let world = World::new();
    let page = world.get("/", "").await;
    assert!(page.text().contains("/oura") && page.text().contains(&world.sandbox.account_id("oura").unwrap()));
    assert_eq!(world.get("/nowhere", "").await.status, StatusCode::NOT_FOUND);
    let wrong = world.control(Method::DELETE, "/oura/v2/usercollection/sleep", &Value::Null).await;
    assert_eq!(
        (wrong.status, wrong.json()),
        (StatusCode::METHOD_NOT_ALLOWED, json!({ "detail": "Method Not Allowed" }))
    );
}

#[tokio::test]
async fn another_sites_page_controls_nothing() {
    let world = World::new();
    let send = async |headers: &[(&str, &str)]| {
        let mut request = Request::post("/_control/clock");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(r#"{"advance_seconds":1}"#)).unwrap();
        world.router.clone().oneshot(request).await.unwrap().status()
    };
    for foreign in [
        &[("host", "127.0.0.1:8081"), ("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")][..],
        &[("host", "127.0.0.1:8081"), ("origin", "http://127.0.0.1:9999"), ("sec-fetch-site", "same-site")],
        &[("host", "127.0.0.1:8081"), ("origin", "null")],
        &[("host", "evil.example:8081"), ("origin", "http://evil.example:8081"), ("sec-fetch-site", "same-origin")],
    ] {
        assert_eq!(send(foreign).await, StatusCode::FORBIDDEN, "{foreign:?}");
    }
    assert_eq!(world.clock.now().to_string(), "2026-06-10T15:00:00Z");
    for own in [
        &[("host", "localhost:8081")][..],
        &[("host", "[::1]:8081"), ("origin", "http://[::1]:8081"), ("sec-fetch-site", "same-origin")],
    ] {
        assert_eq!(send(own).await, StatusCode::OK, "{own:?}");
    }
}

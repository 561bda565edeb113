//! How often one may come to the guarded doors.

use model::{Role, Scopes};
use testkit::Engine;

use crate::doors::{Doors, get, post};

#[tokio::test]
async fn the_guarded_doors_say_how_much_is_left_and_then_refuse() {
    let doors = Doors::of(Engine::Sqlite, |settings| settings.requests_per_minute = 2).await;
    let user = doors.somebody("ada@example.org", Role::Member).await;
    let token = doors.token(&user, Scopes::personal()).await;
    let guarded = [
        "/sign-in",
        "/api/v1/tokens",
        "/api/v1/integrations/oura/auth",
        "/api/v1/integrations/oura/callback",
        "/connections/oura/connect",
    ];
    for path in guarded {
        let first = doors.send(get(path).bearer(&token)).await;
        assert_eq!((first.header("ratelimit-limit"), first.header("ratelimit-remaining")), ("2", "1"), "{path}");
        doors.send(get(path).bearer(&token)).await;
        let refused = doors.send(get(path).bearer(&token)).await;
        assert_eq!((refused.status, refused.problem().as_str()), (429, "rate-limited"), "{path}");
        assert_eq!(refused.header("ratelimit-remaining"), "0");
        assert!(refused.header("retry-after").parse::<i64>().unwrap() > 0);
    }
    for _ in 0..3 {
        assert_eq!(doors.send(get("/api/v1/context").bearer(&token)).await.status, 204, "reading is not limited here");
    }
}

#[tokio::test]
async fn what_has_us_send_something_is_limited_on_the_page_as_well() {
    let doors = Doors::of(Engine::Sqlite, |settings| settings.requests_per_minute = 1).await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let mut seen = Vec::new();
    for webhook in ["a", "b"] {
        let test = post(&format!("/agents/webhooks/{webhook}/test")).form(&[]).cookie(&cookie);
        seen.push(doors.send(test).await.status);
    }
    assert_eq!(seen, [404, 429]);
}

#[tokio::test]
async fn a_person_who_is_refused_gets_a_page() {
    let doors = Doors::of(Engine::Sqlite, |settings| settings.requests_per_minute = 1).await;
    doors.send(post("/sign-in").form(&[])).await;
    let refused = doors.send(post("/sign-in").form(&[]).browser()).await;
    assert_eq!(refused.status, 429);
    assert!(refused.has("Too many requests") && refused.has("<!doctype html>"), "{refused:?}");
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_proxy_is_believed_only_when_it_is_trusted() {
    for (trust_proxy, statuses) in [(true, [200, 200, 429]), (false, [200, 429, 429])] {
        let doors = Doors::of(Engine::Sqlite, |settings| {
            settings.requests_per_minute = 1;
            settings.trust_proxy = trust_proxy;
        })
        .await;
        let mut seen = Vec::new();
        for forwarded in ["10.0.0.1", "1.2.3.4, 10.0.0.2", "5.6.7.8, 10.0.0.2"] {
            seen.push(doors.send(get("/sign-in").with("x-forwarded-for", forwarded)).await.status);
        }
        assert_eq!(seen, statuses, "trust_proxy = {trust_proxy}");
    }
}

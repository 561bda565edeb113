//! What somebody would try who means ill.

use model::{Role, Scopes};
use serde_json::json;
use testkit::Engine;

use crate::doors::{Doors, PASSWORD, get, post};

#[tokio::test]
async fn no_address_breaks_a_redirect() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    for odd in ["/%01", "/%7F", "/%0d%0aset-cookie:a=b", "/%E2%80%A8", "/%09/evil.example"] {
        let led = doors.send(get(&format!("/sign-in?return_to={odd}")).cookie(&cookie)).await;
        assert_eq!(led.status, 303, "{odd}: {led:?}");
        let location = led.headers["location"].as_bytes();
        assert!(location.starts_with(b"/") && !location.starts_with(b"//"), "{odd}: {led:?}");
    }
}

#[tokio::test]
async fn a_way_back_says_nothing_of_providers_that_are_not() {
    let doors = Doors::open().await;
    for odd in ["foo%26connected=oura", "foo%0d%0aset-cookie:a=b", "..%2f..", "nobody"] {
        let path = format!("/api/v1/integrations/{odd}/callback?error=access_denied");
        let answer = doors.send(get(&path)).await;
        assert_eq!((answer.status, answer.location()), (404, ""), "{odd}: {answer:?}");
    }
}

#[tokio::test]
async fn names_in_a_path_have_no_quota_of_their_own() {
    let doors = Doors::of(Engine::Sqlite, |settings| settings.requests_per_minute = 2).await;
    let mut seen = Vec::new();
    for guess in ["a", "b", "c"] {
        seen.push(doors.send(get(&format!("/link/{guess}"))).await.status);
    }
    assert_eq!(seen, [410, 410, 429]);
}

#[tokio::test]
async fn a_network_has_one_quota() {
    let doors = Doors::of(Engine::Sqlite, |settings| {
        settings.requests_per_minute = 1;
        settings.trust_proxy = true;
    })
    .await;
    let mut seen = Vec::new();
    for address in ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"] {
        seen.push(doors.send(get("/sign-in").with("x-forwarded-for", address)).await.status);
    }
    assert_eq!(seen, [200, 429, 200]);
}

#[tokio::test]
async fn a_request_id_is_a_short_word_or_ours() {
    let doors = Doors::open().await;
    let id_for = async |asked: &str| {
        doors.send(get("/health").with("x-request-id", asked)).await.header("x-request-id").to_owned()
    };
    assert_eq!(id_for("trace-1.a:b").await, "trace-1.a:b");
    for odd in ["", "a b", "<b>", "\"", &"a".repeat(129)] {
        let id = id_for(odd).await;
        assert!(id != odd && id.len() == 36, "{id}");
    }
}

#[tokio::test]
async fn a_lock_does_not_tell_who_is_here() {
    let doors = Doors::open().await;
    doors.somebody("ada@example.org", Role::Member).await;
    for _ in 0..8 {
        let mut seen = Vec::new();
        for email in ["ada@example.org", "nobody@example.org"] {
            let answer = doors.send(post("/sign-in").form(&[("email", email), ("password", "not that one")])).await;
            seen.push((answer.status, answer.text.replace(email, "…")));
        }
        assert_eq!(seen[0], seen[1]);
    }
}

#[tokio::test]
async fn another_site_signs_nobody_in_or_out() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let form = [("email", "ada@example.org"), ("password", PASSWORD)];
    for site in ["cross-site", "same-site"] {
        let foreign = doors.send(post("/sign-in").form(&form).with("sec-fetch-site", site)).await;
        assert_eq!((foreign.status, foreign.headers.contains_key("set-cookie")), (403, false), "{site}");
        let foreign = doors.send(post("/sign-out").form(&[]).cookie(&cookie).with("sec-fetch-site", site)).await;
        assert_eq!(foreign.status, 403, "{site}");
    }
    let framed = doors.send(post("/sign-out").form(&[]).cookie(&cookie).with("origin", "null")).await;
    assert_eq!(framed.status, 403);
    assert_eq!(doors.send(get("/settings").cookie(&cookie)).await.status, 200, "still signed in");
}

#[tokio::test]
async fn an_api_call_from_another_site_does_not_ride_on_a_cookie() {
    let doors = Doors::open().await;
    let (user, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    // A form of another site can send this without asking first.
    let simple = post("/api/v1/tokens").cookie(&cookie).body("text/plain", r#"{"name":"x","scopes":["context:read"]}"#);
    assert_eq!(doors.send(simple).await.status, 415);
    let foreign = post("/api/v1/tokens").cookie(&cookie).json(&json!({ "name": "x", "scopes": ["context:read"] }));
    assert_eq!(
        doors.send(foreign.with("origin", "https://evil.example").with("host", "afferent.test")).await.status,
        403
    );
    assert!(doors.identity.tokens(user.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_makes_none_that_may_do_more() {
    let doors = Doors::open().await;
    let user = doors.somebody("ada@example.org", Role::Admin).await;
    let token = doors.token(&user, Scopes::parse("tokens:write context:read").unwrap()).await;
    let make = |body| post("/api/v1/tokens").bearer(&token).json(&body);
    for wider in [
        json!({ "name": "x", "scopes": ["records:read"] }),
        json!({ "name": "x", "scopes": ["context:read"], "service": true }),
    ] {
        let refused = doors.send(make(wider.clone())).await;
        assert_eq!((refused.status, refused.problem().as_str()), (403, "forbidden"), "{wider}");
    }
    assert_eq!(doors.send(make(json!({ "name": "x", "scopes": ["context:read"] }))).await.status, 201);
}

#[tokio::test]
async fn a_misspelt_switch_is_refused_rather_than_forgotten() {
    let doors = Doors::open().await;
    let user = doors.somebody("ada@example.org", Role::Member).await;
    let token = doors.token(&user, Scopes::personal()).await;
    for (path, body) in [
        ("/api/v1/tokens", json!({ "name": "x", "scopes": ["context:read"], "shareing": { "heart": false } })),
        ("/api/v1/tokens", json!({ "name": "x", "scopes": ["context:read"], "sharing": { "hart": false } })),
        ("/api/v1/integrations/oura/auth", json!({ "kind": ["sleep"] })),
        ("/api/v1/integrations/oura/disconnect", json!({ "preserve": true })),
        ("/api/v1/tokens", json!(["x", ["context:read"]])),
    ] {
        let refused = doors.send(post(path).bearer(&token).json(&body)).await;
        assert_eq!((refused.status, refused.problem().as_str()), (422, "invalid"), "{path} {body}");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_comes_back_for_the_answer() {
    let doors = Doors::open().await;
    let user = doors.somebody("ada@example.org", Role::Member).await;
    let token = doors.token(&user, Scopes::personal()).await;
    let body = json!({ "name": "Tutor", "scopes": ["context:read"] });
    let make = || doors.send(post("/api/v1/tokens").bearer(&token).json(&body).with("idempotency-key", "k1"));
    let mut first = Box::pin(make());
    assert!(futures::poll!(&mut first).is_pending());
    drop(first);
    let made = async || {
        let tokens = doors.identity.tokens(user.id).await.unwrap();
        tokens.iter().filter(|token| token.name == "Tutor").count()
    };
    let mut looked = 0;
    while made().await == 0 {
        looked += 1;
        assert!(looked < 10_000, "it was given up");
    }
    let mut again = make().await;
    while again.problem() == "idempotency" {
        again = make().await;
    }
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(made().await, 1);
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_refused_rather_than_forgotten() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    for odd in ["", "schlüssel"] {
        let make = post("/api/v1/tokens").cookie(&cookie).json(&json!({ "name": "x", "scopes": ["context:read"] }));
        let refused = doors.send(make.with("idempotency-key", odd)).await;
        assert_eq!((refused.status, refused.problem().as_str()), (422, "invalid"), "{odd}");
    }
}

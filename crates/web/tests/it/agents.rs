//! A token's life on the page of agents: made, read with, restrained, revoked, and what the trail says of it.

use model::{Actor, Role, Scopes, Secret, Sharing, Topic};
use serde_json::json;

use crate::doors::{Answer, Doors, ask, get, post};

async fn make(doors: &Doors, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    doors.send(post("/agents").cookie(cookie).form(fields).browser()).await
}

#[tokio::test]
async fn a_token_is_made_restrained_and_revoked() {
    let doors = Doors::open().await;
    let (user, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    doors.house.connect(user.id).await.unwrap();
    doors.work().await;
    let made =
        make(&doors, &cookie, &[("name", "Coach <1>"), ("scopes", "context:read"), ("expires_in_days", "30")]).await;
    assert_eq!(made.status, 201, "{made:?}");
    let secret = made.text.split("<code id=\"secret\" tabindex=\"0\">").nth(1).unwrap().split('<').next().unwrap();
    let secret = Secret::new(secret);
    let id = doors.identity.tokens(user.id).await.unwrap()[0].id;
    let page = async |path: &str| doors.send(get(path).cookie(&cookie).browser()).await;
    let agents = page("/agents").await;
    assert!(agents.has("Coach &#60;1&#62;") && !agents.has(secret.expose()), "shown once, and escaped: {agents:?}");

    let told = async || doors.send(get("/api/v1/context").bearer(&secret)).await;
    assert!(told().await.has("Sleep Score"));
    assert!(page("/agents").await.has("your context"));
    let trail = page("/audit").await;
    assert!(trail.has("“Coach &#60;1&#62;” read your context"), "{trail:?}");
    let filtered = page("/audit?action=context_read").await;
    assert!(filtered.has("read your context") && !filtered.has("signed in</span>"), "{filtered:?}");

    let less = [("everything", "true"), ("topics", "activity")];
    let shared = doors.send(post(&format!("/agents/{id}/sharing")).cookie(&cookie).form(&less)).await;
    assert_eq!(shared.location(), "/agents?saved=sharing");
    let now = told().await;
    assert!(!now.has("Sleep Score") && now.has("Steps"), "{now:?}");
    doors.send(post(&format!("/agents/{id}/sharing")).cookie(&cookie).form(&[])).await;
    assert_eq!(told().await.status, 204);

    let hasty = doors.send(post(&format!("/agents/{id}/revoke")).cookie(&cookie).form(&[])).await;
    assert_eq!(hasty.status, 422);
    let revoked = doors.send(post(&format!("/agents/{id}/revoke")).cookie(&cookie).form(&[("confirm", "true")])).await;
    assert_eq!(revoked.location(), "/agents?revoked=token");
    assert_eq!(told().await.status, 401);
    assert!(page("/audit").await.has("“Coach &#60;1&#62;” read your context"), "its name stays in the trail");
}

#[tokio::test]
async fn a_form_that_makes_no_sense_comes_back_as_it_was() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let empty = make(&doors, &cookie, &[("name", "Coach")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.has("at least one scope") && empty.has("value=\"Coach\""), "{empty:?}");
    let greedy = make(&doors, &cookie, &[("name", "App"), ("scopes", "records:read"), ("service", "true")]).await;
    assert_eq!(greedy.status, 403, "only administrators make service tokens: {greedy:?}");
}

#[tokio::test]
async fn nobody_touches_another_persons_token() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let (_, stranger) = doors.visitor("robin@example.org", Role::Admin).await;
    make(&doors, &cookie, &[("name", "Coach"), ("scopes", "context:read")]).await;
    let id = doors.identity.tokens(ada.id).await.unwrap()[0].id;
    for form in ["sharing", "revoke"] {
        let forged = post(&format!("/agents/{id}/{form}")).cookie(&stranger).form(&[("confirm", "true")]);
        assert_eq!(doors.send(forged).await.status, 404, "{form}");
    }
    assert_eq!(doors.identity.tokens(ada.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_is_answered_as_it_was_kept() {
    let doors = Doors::open().await;
    let ada = doors.somebody("ada@example.org", Role::Member).await;
    let narrow = doors.token(&ada, Scopes::personal()).await;
    let id = doors.identity.tokens(ada.id).await.unwrap()[0].id;
    let mut less = Sharing::default();
    less.set(Topic::Sleep, false);
    doors.identity.set_token_sharing(&Actor::User(ada.id), ada.id, id, &less).await.unwrap();
    let wanted = json!({ "sleep": true, "activity": true });
    let changed = doors.send(ask("patch", &format!("/api/v1/tokens/{id}")).bearer(&narrow).json(&wanted)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let shown = changed.json()["sharing"].clone();
    assert_eq!((&shown["sleep"], &shown["activity"]), (&json!(false), &json!(true)), "no more than it sees itself");
    let listed = doors.send(get("/api/v1/tokens").bearer(&narrow)).await.json();
    assert_eq!(listed["tokens"][0]["sharing"], shown);
}

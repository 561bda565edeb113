//! The way back from a provider: whoever comes wrongly gets a clear page, and nothing is stored.

use std::time::Duration;

use engine::Status;
use model::{Role, UserId};
use url::Url;

use crate::doors::{Answer, Doors, get, post};

/// The way back as our browser takes it.
pub(crate) fn way_back(url: &Url) -> String {
    format!("/api/v1/integrations/oura/callback?{}", url.query().unwrap_or_default())
}

/// Agrees on our page, then at the provider; says with what one comes back.
pub(crate) async fn agree(doors: &Doors, cookie: &str, kinds: &[&str], account: &str) -> Url {
    let fields: Vec<_> = kinds.iter().map(|kind| ("kinds", *kind)).collect();
    let begun = doors.send(post("/connections/oura/connect").cookie(cookie).form(&fields)).await;
    assert_eq!(begun.status, 303, "{begun:?}");
    let redirect = Url::parse(begun.location()).unwrap();
    doors.house.decide(&redirect, account, None).await.unwrap()
}

async fn status(doors: &Doors, user: UserId) -> Status {
    doors.house.engine.status(user, "oura").await.unwrap()
}

fn is_clear(answer: &Answer) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.has("Nothing was connected"), "{answer:?}");
    assert!(answer.has("Nothing was stored"), "{answer:?}");
}

#[tokio::test]
async fn a_way_back_is_used_once() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let back = way_back(&agree(&doors, &cookie, &["sleep"], "").await);
    let first = doors.send(get(&back).cookie(&cookie).browser()).await;
    assert_eq!((first.status, first.location()), (303, "/connections?connected=oura"));
    let second = doors.send(get(&back).cookie(&cookie).browser()).await;
    is_clear(&second);
    assert!(second.has("used already") && second.has("ada@example.org"), "{second:?}");
    let data = doors.send(get(&back).cookie(&cookie).with("accept", "application/json")).await;
    assert_eq!((data.status, data.problem().as_str()), (400, "invalid-state"));
}

#[tokio::test]
async fn only_who_began_comes_back() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let (robin, stranger) = doors.visitor("robin@example.org", Role::Member).await;
    let back = way_back(&agree(&doors, &cookie, &["sleep"], "").await);
    for foreign in [get(&back).cookie(&stranger).browser(), get(&back).browser()] {
        let answer = doors.send(foreign).await;
        is_clear(&answer);
        assert!(answer.has("Somebody else began this"), "{answer:?}");
    }
    assert!(!status(&doors, robin.id).await.connected && !status(&doors, ada.id).await.connected);
    let own = doors.send(get(&back).cookie(&cookie).browser()).await;
    assert_eq!(own.location(), "/connections?connected=oura", "a stranger's try costs nothing");
}

#[tokio::test]
async fn one_comes_back_within_ten_minutes() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let back = way_back(&agree(&doors, &cookie, &["sleep"], "").await);
    doors.house.clock.turn(Duration::from_mins(11));
    let late = doors.send(get(&back).cookie(&cookie).browser()).await;
    is_clear(&late);
    assert!(late.has("expired"), "{late:?}");
    assert!(!status(&doors, ada.id).await.connected);
}

#[tokio::test]
async fn who_said_no_is_told_so() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let back = agree(&doors, &cookie, &["sleep"], "").await;
    let state = back.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let no = format!("/api/v1/integrations/oura/callback?error=access_denied&state={state}");
    let denied = doors.send(get(&no).cookie(&cookie).browser()).await;
    assert_eq!((denied.status, denied.location()), (303, "/connections?denied=oura"));
    let page = doors.send(get(denied.location()).cookie(&cookie).browser()).await;
    assert!(page.has("Oura was not connected"), "{page:?}");
    assert!(!status(&doors, ada.id).await.connected);
}

#[tokio::test]
async fn an_app_may_carry_the_way_itself() {
    let doors = Doors::open().await;
    let user = doors.somebody("ada@example.org", Role::Member).await;
    let token = doors.token(&user, model::Scopes::personal()).await;
    let begun = doors.send(post("/api/v1/integrations/oura/auth").bearer(&token)).await.json();
    let redirect = Url::parse(begun["redirect_url"].as_str().unwrap()).unwrap();
    let back = way_back(&doors.house.decide(&redirect, "", None).await.unwrap());
    let finished = doors.send(get(&back).bearer(&token).with("accept", "application/json")).await;
    assert_eq!((finished.status, &finished.json()["status"]), (200, &serde_json::json!("active")));
}

#[tokio::test]
async fn a_providers_trouble_is_not_the_persons_no() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let table = [
        ("access_denied", 403, "access-denied", "denied", "the answer there was no"),
        ("server_error", 503, "provider-unavailable", "trouble", "Oura reported a problem"),
        ("temporarily_unavailable", 503, "provider-unavailable", "trouble", "Oura reported a problem"),
        ("invalid_scope", 502, "provider-refused", "trouble", "Oura reported a problem"),
    ];
    for (error, status, problem, word, told) in table {
        let ended = async |accept: &str| {
            let back = agree(&doors, &cookie, &["sleep"], "").await;
            let state = back.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
            let path = format!("/api/v1/integrations/oura/callback?error={error}&state={state}");
            doors.send(get(&path).cookie(&cookie).with("accept", accept)).await
        };
        let data = ended("application/json").await;
        assert_eq!((data.status, data.problem().as_str()), (status, problem), "{error}: {data:?}");
        assert_eq!(data.header("retry-after").is_empty(), status != 503, "{error}");
        let led = ended("text/html").await;
        assert_eq!(led.location(), format!("/connections?{word}=oura"), "{error}");
        assert!(doors.send(get(led.location()).cookie(&cookie).browser()).await.has(told), "{error}");
    }
}

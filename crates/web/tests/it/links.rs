//! Connect links: looking changes nothing, one browser goes all the way, the app's backend has the last word.

use std::time::Duration;

use model::{Role, Scopes, Secret};
use serde_json::json;
use url::Url;

use crate::{
    callback::way_back,
    doors::{Answer, Doors, get, post},
};

async fn link(doors: &Doors) -> (Secret, String) {
    link_for(doors, "admin").await
}

/// A link that an administrator of that name made.
async fn link_for(doors: &Doors, name: &str) -> (Secret, String) {
    let admin = doors.somebody(&format!("{name}@example.org"), Role::Admin).await;
    let token = doors.service_token(&admin, Scopes::all()).await;
    let wanted = json!({ "external_user_id": "patient-7", "return_url": "https://app.test/back" });
    let made = doors.send(post("/api/v1/connect-links").bearer(&token).json(&wanted)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let url = Url::parse(made.json()["url"].as_str().unwrap()).unwrap();
    (token, url.path().to_owned())
}

async fn agree(doors: &Doors, path: &str) -> Answer {
    doors.send(post(&format!("{path}/oura")).form(&[("kinds", "sleep")]).browser()).await
}

#[tokio::test]
async fn a_link_leads_through_the_provider_back_to_the_app() {
    let doors = Doors::open().await;
    let (token, path) = link(&doors).await;
    for _ in 0..2 {
        let page = doors.send(get(&path).browser()).await;
        assert_eq!(page.status, 200, "looking does not use the link up: {page:?}");
        assert!(
            page.has("Bedside asks for your data") && page.has("app.test") && page.has("did not expect"),
            "{page:?}"
        );
        assert!(page.has("Continue to Oura"), "{page:?}");
        assert!(page.header("content-security-policy").contains("https://app.test"), "the way leads there in the end");
    }
    let begun = agree(&doors, &path).await;
    assert_eq!(begun.status, 303, "{begun:?}");
    let set = begun.header("set-cookie");
    assert!(set.starts_with("__Host-") && set.contains("SameSite=Lax") && set.contains("Secure"), "{set}");
    let cookie = begun.cookie();
    let back = doors.house.decide(&Url::parse(begun.location()).unwrap(), "", None).await.unwrap();
    let returned = doors.send(get(&way_back(&back)).cookie(&cookie).browser()).await;
    let to = Url::parse(returned.location()).unwrap();
    assert_eq!((to.host_str(), to.path()), (Some("app.test"), "/back"));
    let code = to.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();

    doors.work().await;
    let records =
        async || doors.send(get("/api/v1/records?user_id=patient-7").bearer(&token)).await.json()["records"].clone();
    assert_eq!(records().await, json!([]), "nothing is collected before the app says that it was its user");
    let redeem =
        async || doors.send(post("/api/v1/connect-links/redeem").bearer(&token).json(&json!({ "code": code }))).await;
    let redeemed = redeem().await;
    assert_eq!((redeemed.status, &redeemed.json()["external_user_id"]), (200, &json!("patient-7")));
    doors.work().await;
    assert_ne!(records().await, json!([]));
    assert_eq!(redeem().await.problem(), "dead-link");
}

#[tokio::test]
async fn the_browser_that_opened_a_link_goes_on_and_no_other() {
    let doors = Doors::open().await;
    let (_, path) = link(&doors).await;
    let chosen = doors.send(post(&path).form(&[("provider", "oura")]).browser()).await;
    assert_eq!((chosen.status, chosen.location()), (303, format!("{path}/oura").as_str()));
    let cookie = chosen.cookie();
    for strange in [get(&path), get(&format!("{path}/oura")), post(&path).form(&[("provider", "oura")])] {
        let dead = doors.send(strange.browser()).await;
        assert_eq!(dead.status, 410, "{dead:?}");
        assert!(dead.has("This link has been used"), "{dead:?}");
    }
    assert_eq!(agree(&doors, &path).await.status, 410);
    let own = doors.send(get(&format!("{path}/oura")).cookie(&cookie).browser()).await;
    assert_eq!(own.status, 200, "{own:?}");
    let own = doors.send(post(&format!("{path}/oura")).cookie(&cookie).form(&[("kinds", "sleep")])).await;
    assert_eq!(own.status, 303, "{own:?}");
    let back = doors.house.decide(&Url::parse(own.location()).unwrap(), "", None).await.unwrap();
    let stranger = doors.send(get(&way_back(&back)).browser()).await;
    assert_eq!(stranger.status, 400, "the way back needs the cookie: {stranger:?}");
}

#[tokio::test]
async fn dead_links_say_why() {
    let doors = Doors::open().await;
    let (_, path) = link(&doors).await;
    let unknown = doors.send(get("/link/bm8").browser()).await;
    assert_eq!(unknown.status, 410);
    assert!(unknown.has("This link leads nowhere"), "{unknown:?}");
    doors.house.clock.turn(Duration::from_mins(11));
    let expired = doors.send(get(&path).browser()).await;
    assert_eq!(expired.status, 410);
    assert!(expired.has("This link has expired"), "{expired:?}");
}

#[tokio::test]
async fn who_declines_is_led_back_with_a_no() {
    let doors = Doors::open().await;
    let (_, path) = link(&doors).await;
    assert!(doors.send(get(&path).browser()).await.has("https://app.test/back?error=access_denied"));
    let nothing = doors.send(post(&format!("{path}/oura")).form(&[]).browser()).await;
    assert_eq!(nothing.status, 422, "nothing ticked");
    assert_eq!(doors.send(get(&path).browser()).await.status, 200, "and the link is still whole");
    assert_eq!(doors.send(get(&format!("{path}/nothing")).browser()).await.status, 404);
}

#[tokio::test]
async fn a_return_url_must_be_on_the_list() {
    let doors = Doors::open().await;
    let admin = doors.somebody("admin@example.org", Role::Admin).await;
    let token = doors.service_token(&admin, Scopes::all()).await;
    for url in ["https://evil.example/", "https://app.test.evil.example/", "javascript:alert(1)", "nowhere"] {
        let wanted = json!({ "external_user_id": "patient-7", "return_url": url });
        let refused = doors.send(post("/api/v1/connect-links").bearer(&token).json(&wanted)).await;
        assert_eq!((refused.status, &refused.json()["field"]), (422, &json!("return_url")), "{url}");
    }
}

#[tokio::test]
async fn what_chooses_nothing_does_not_use_a_link_up() {
    let doors = Doors::open().await;
    let (_, path) = link(&doors).await;
    for fields in [&[][..], &[("provider", "")], &[("provider", "nobody")]] {
        let nothing = doors.send(post(&path).form(fields)).await;
        assert_eq!((nothing.status, nothing.problem().as_str()), (422, "invalid"), "{nothing:?}");
        assert_eq!(nothing.header("set-cookie"), "");
    }
    let unknown = doors.send(post(&format!("{path}/nobody")).form(&[("kinds", "sleep")])).await;
    assert_eq!(unknown.status, 404, "{unknown:?}");
    assert_eq!(agree(&doors, &path).await.status, 303, "the link is still whole");
}

#[tokio::test]
async fn nobody_agrees_through_a_link_to_words_they_have_not_read() {
    let doors = Doors::open().await;
    let (_, path) = link(&doors).await;
    let old = [("version", "1999-01"), ("kinds", "workout")];
    let again = doors.send(post(&format!("{path}/oura")).form(&old).browser()).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert!(again.has("These words have changed") && again.has("value=\"workout\" checked"), "{again:?}");
    assert!(!again.has("value=\"sleep\" checked"), "what was ticked stays ticked, and no more");
    assert_eq!(agree(&doors, &path).await.status, 303, "the link is still whole");
}

#[tokio::test]
async fn the_app_hears_of_a_providers_trouble_as_such() {
    let doors = Doors::open().await;
    for (error, told) in [("access_denied", "access_denied"), ("server_error", "server_error")] {
        let (_, path) = link_for(&doors, error).await;
        let begun = agree(&doors, &path).await;
        let redirect = Url::parse(begun.location()).unwrap();
        let state = redirect.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let back = format!("/api/v1/integrations/oura/callback?error={error}&state={state}");
        let returned = doors.send(get(&back).cookie(&begun.cookie()).browser()).await;
        assert_eq!(returned.location(), format!("https://app.test/back?error={told}"));
    }
}

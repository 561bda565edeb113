//! Signing in and out in a browser.

use model::Role;

use crate::doors::{Doors, PASSWORD, get, post};

fn form<'a>(password: &'a str, return_to: &'a str) -> [(&'a str, &'a str); 3] {
    [("email", "ada@example.org"), ("password", password), ("return_to", return_to)]
}

#[tokio::test]
async fn the_right_password_leads_on_and_signing_out_ends_it() {
    let doors = Doors::open().await;
    doors.somebody("ada@example.org", Role::Member).await;
    let signed_in = doors.send(post("/sign-in").form(&form(PASSWORD, "/audit?before=9"))).await;
    assert_eq!((signed_in.status, signed_in.location()), (303, "/audit?before=9"));
    let set = signed_in.header("set-cookie");
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
    let cookie = signed_in.cookie();
    assert_eq!(doors.send(get("/").cookie(&cookie)).await.status, 200);
    let again = doors.send(get("/sign-in?return_to=/agents").cookie(&cookie)).await;
    assert_eq!((again.status, again.location()), (303, "/agents"));
    let out = doors.send(post("/sign-out").cookie(&cookie)).await;
    assert_eq!((out.status, out.location()), (303, "/sign-in"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(doors.send(get("/").cookie(&cookie)).await.status, 303);
}

#[tokio::test]
async fn over_tls_the_cookie_is_kept_to_our_host() {
    let https = |settings: &mut web::Settings| settings.public_url = "https://afferent.test/".parse().unwrap();
    let doors = Doors::of(testkit::Engine::Sqlite, https).await;
    doors.somebody("ada@example.org", Role::Member).await;
    let signed_in = doors.send(post("/sign-in").form(&form(PASSWORD, "/"))).await;
    let set = signed_in.header("set-cookie");
    assert!(set.starts_with("__Host-afferent_session=") && set.contains("Secure") && set.contains("Path=/"), "{set}");
    assert!(signed_in.header("strict-transport-security").contains("max-age"));
    let plain = signed_in.cookie().replace("__Host-", "");
    assert_eq!(doors.send(get("/").cookie(&plain)).await.status, 303, "a cookie that others can set opens nothing");
}

#[tokio::test]
async fn one_is_never_led_to_another_site() {
    let doors = Doors::open().await;
    doors.somebody("ada@example.org", Role::Member).await;
    for foreign in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let signed_in = doors.send(post("/sign-in").form(&form(PASSWORD, foreign))).await;
        assert_eq!((signed_in.status, signed_in.location()), (303, "/"), "{foreign}");
    }
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_then_locked() {
    let doors = Doors::open().await;
    doors.somebody("ada@example.org", Role::Member).await;
    let wrong = doors.send(post("/sign-in").form(&form("not that one", "/"))).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.has("do not fit together") && wrong.has("ada@example.org") && !wrong.has("not that one"));
    let unknown = [("email", "nobody@example.org"), ("password", PASSWORD)];
    let unknown = doors.send(post("/sign-in").form(&unknown)).await;
    assert_eq!(unknown.status, 401);
    for _ in 0..5 {
        doors.send(post("/sign-in").form(&form("not that one", "/"))).await;
    }
    let locked = doors.send(post("/sign-in").form(&form(PASSWORD, "/"))).await;
    assert_eq!(locked.status, 429, "{locked:?}");
    assert!(locked.header("retry-after").parse::<i64>().unwrap() > 0);
    assert!(locked.has("Too many attempts"));
}

#[tokio::test]
async fn the_first_page_says_how_the_first_person_is_added() {
    let doors = Doors::open().await;
    assert!(doors.send(get("/sign-in")).await.has("afferent user add"));
    doors.somebody("ada@example.org", Role::Member).await;
    assert!(!doors.send(get("/sign-in")).await.has("afferent user add"));
}

//! Every page of the route table: nobody is led to the sign-in, other sites cannot press its buttons.

use model::{Role, Scopes};

use crate::doors::{Doors, ask, get, post};

/// The pages for people without an account, and what all pages load.
const OPEN: [&str; 4] = ["/sign-in", "/link/{token}", "/link/{token}/{provider}", "/assets/{file}"];

const ID: &str = "01990000-0000-7000-8000-000000000000";

/// The pages and their methods, read from the route table itself so that none is forgotten.
fn table() -> Vec<(String, Vec<&'static str>)> {
    let source = include_str!("../../src/lib.rs");
    let from = source.find("fn pages(").unwrap();
    let body = &source[from..from + source[from..].find("\n}\n").unwrap()];
    let routes = body.lines().filter_map(|line| line.trim().strip_prefix(".route(\""));
    let routes: Vec<_> = routes
        .map(|route| {
            let (path, handlers) = route.split_once('"').unwrap();
            let methods = [("get(", "get"), ("post(", "post")];
            let methods = methods.into_iter().filter(|(call, _)| handlers.contains(call)).map(|(_, method)| method);
            (path.to_owned(), methods.collect())
        })
        .collect();
    assert!(routes.len() >= 15, "the table is whole");
    routes
}

fn filled(path: &str) -> String {
    path.replace("{provider}", "oura").replace("{token}", ID).replace("{webhook}", ID).replace("{delivery}", ID)
}

#[tokio::test]
async fn nobody_is_led_to_the_sign_in() {
    let doors = Doors::open().await;
    for (path, methods) in table().into_iter().filter(|(path, _)| !OPEN.contains(&path.as_str())) {
        for method in methods {
            let answer = doors.send(ask(method, &filled(&path)).browser()).await;
            assert_eq!(answer.status, 303, "{method} {path}: {answer:?}");
            assert!(answer.location().starts_with("/sign-in?return_to=%2F"), "{method} {path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn another_site_cannot_press_a_button() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    for (path, _) in table().into_iter().filter(|(_, methods)| methods.contains(&"post")) {
        let forged = || post(&filled(&path)).cookie(&cookie).form(&[("confirm", "true")]);
        let by_new = doors.send(forged().with("sec-fetch-site", "cross-site")).await;
        assert_eq!((by_new.status, by_new.problem().as_str()), (403, "cross-site"), "{path}: {by_new:?}");
        let by_old = forged().with("origin", "https://evil.example").with("host", "afferent.test");
        assert_eq!(doors.send(by_old).await.status, 403, "{path}");
    }
    let own = post("/sharing").cookie(&cookie).form(&[]).with("sec-fetch-site", "same-origin");
    assert_eq!(doors.send(own).await.status, 303);
}

#[tokio::test]
async fn every_page_is_shown_to_who_is_signed_in() {
    let doors = Doors::open().await;
    let (user, cookie) = doors.visitor("ada@example.org", Role::Admin).await;
    for visit in ["with nothing", "with data"] {
        for (path, methods) in table() {
            if !methods.contains(&"get") || OPEN.contains(&path.as_str()) || path.ends_with("/replace") {
                continue;
            }
            let answer = doors.send(get(&filled(&path)).cookie(&cookie).browser()).await;
            assert_eq!(answer.status, 200, "{visit}: {path}: {answer:?}");
            assert!(answer.has("<!doctype html>") && answer.has("ada@example.org"), "{visit}: {path}");
            assert!(answer.text.len() < 100_000, "{visit}: {path} weighs {}", answer.text.len());
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
            assert!(!answer.has("<script>") && !answer.has(" style=") && !answer.has(" onclick="), "{visit}: {path}");
        }
        doors.house.connect(user.id).await.unwrap();
        doors.work().await;
    }
}

#[tokio::test]
async fn pages_about_the_server_are_for_who_runs_it() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    for (path, methods) in table().into_iter().filter(|(path, _)| path.starts_with("/server")) {
        for method in methods {
            let answer = doors.send(ask(method, &filled(&path)).cookie(&cookie).form(&[])).await;
            assert_eq!((answer.status, answer.problem().as_str()), (403, "forbidden"), "{method} {path}: {answer:?}");
        }
    }
    assert!(!doors.send(get("/").cookie(&cookie).browser()).await.has("/server"));
}

#[tokio::test]
async fn what_pages_load_is_kept_by_browsers() {
    let doors = Doors::open().await;
    let page = doors.send(get("/sign-in")).await;
    for marker in ["<link rel=\"stylesheet\" href=\"", "<script src=\"", "type=\"image/svg+xml\" href=\""] {
        let url = page.text.split(marker).nth(1).unwrap().split('"').next().unwrap();
        let asset = doors.send(get(url)).await;
        assert_eq!(asset.status, 200, "{url}");
        assert!(asset.header("cache-control").contains("immutable"), "{url}");
    }
    assert_eq!(doors.send(get("/assets/nothing.js")).await.status, 404);
}

#[tokio::test]
async fn nothing_personal_is_kept_by_browsers() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    assert_eq!(doors.send(get("/").cookie(&cookie)).await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn settings_are_changed_and_wrong_ones_refused() {
    let doors = Doors::open().await;
    let (user, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let saved = doors.send(post("/settings").cookie(&cookie).form(&[("zone", "America/Lima")])).await;
    assert_eq!((saved.status, saved.location()), (303, "/settings?saved=zone"));
    assert_eq!(doors.house.engine.user(user.id).await.unwrap().zone, "America/Lima");
    let wrong = doors.send(post("/settings").cookie(&cookie).form(&[("zone", "Mars/Olympus")])).await;
    assert_eq!((wrong.status, wrong.problem().as_str()), (422, "invalid"));
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let doors = Doors::open().await;
    let (ada, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let (_, robin) = doors.visitor("robin@example.org", Role::Member).await;
    let change = async |current: &str, new: &str| {
        let form = [("current", current), ("new", new)];
        doors.send(post("/settings/password").cookie(&cookie).form(&form)).await
    };
    let token = doors.token(&ada, Scopes::personal()).await;
    assert!(change("not that one", "another sentence").await.has("The current password is wrong"));
    assert!(change(crate::doors::PASSWORD, "short").await.has("at least 10 characters"));
    let changed = change(crate::doors::PASSWORD, "another sentence").await;
    assert_eq!((changed.status, changed.location()), (303, "/settings?saved=password"));
    assert_eq!(doors.send(get("/").cookie(&cookie)).await.status, 303, "the old session has ended");
    assert_eq!(doors.send(get("/").cookie(&changed.cookie())).await.status, 200);
    assert_eq!(doors.send(get("/").cookie(&robin)).await.status, 200, "others stay");
    assert_eq!(doors.send(get("/api/v1/me").bearer(&token)).await.status, 200);
    let told = doors.send(get(changed.location()).cookie(&changed.cookie())).await;
    assert!(told.has("API tokens go on working"), "{told:?}");
}

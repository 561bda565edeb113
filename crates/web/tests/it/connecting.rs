//! A newcomer's way through the pages: agree, connect, look, share less, disconnect.

use model::{Kind, Role};
use testkit::Engine;

use crate::{
    callback::{agree, way_back},
    doors::{Doors, get, post},
};

const ALL: [&str; 6] = ["sleep", "readiness", "activity", "heart", "stress", "body"];

/// Agrees and comes back; says where that leads.
async fn connect(doors: &Doors, cookie: &str, account: &str) -> String {
    let back = way_back(&agree(doors, cookie, &ALL, account).await);
    doors.send(get(&back).cookie(cookie).browser()).await.location().to_owned()
}

/// The sandbox's second person.
async fn other_account(doors: &Doors, cookie: &str) -> String {
    let begun = doors.send(post("/connections/oura/connect").cookie(cookie).form(&[("kinds", "sleep")])).await;
    let page = doors.house.consent_page(&begun.location().parse().unwrap()).await.unwrap();
    page.split("<option value=\"").nth(2).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn from_the_click_to_the_agent_and_out_again() {
    for database in Engine::all() {
        let doors = Doors::of(database, |_| ()).await;
        let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
        let page = async |path: &str| doors.send(get(path).cookie(&cookie).browser()).await;
        assert!(page("/").await.has("Nothing is connected yet"));
        let connections = page("/connections").await;
        assert!(connections.has("Not connected") && !connections.has("name=\"topics\""), "{connections:?}");

        assert_eq!(connect(&doors, &cookie, "").await, "/connections?connected=oura");
        let connected = page("/connections?connected=oura").await;
        assert!(connected.has("Oura is connected") && connected.has("data-progress-url"), "{connected:?}");
        doors.work().await;
        let connections = page("/connections").await;
        assert!(connections.has("alex@sandbox.example") && connections.has("First sync"), "{connections:?}");
        assert!(!connections.has("data-progress-url"), "{connections:?}");
        let dashboard = page("/?days=7").await;
        assert!(dashboard.has("- **Sleep Score**: ") && dashboard.has("<svg class=\"chart\""), "{dashboard:?}");

        let less = [("everything", "true"), ("topics", "activity")];
        let shared = doors.send(post("/sharing").cookie(&cookie).form(&less)).await;
        assert_eq!(shared.location(), "/connections?saved=sharing");
        let dashboard = page("/").await;
        assert!(!dashboard.has("**Sleep Score**") && dashboard.has("**Steps**"), "{dashboard:?}");

        let asked = doors.send(post("/connections/oura/sync").cookie(&cookie)).await;
        assert_eq!(asked.location(), "/connections");
        assert!(page("/connections").await.has("data-progress-url"));
        doors.work().await;
        assert!(page("/connections").await.has("Asked for"));

        let hasty = doors.send(post("/connections/oura/disconnect").cookie(&cookie).form(&[])).await;
        assert_eq!(hasty.status, 422, "without a yes nothing is destroyed");
        let form = [("confirm", "true"), ("preserve_data", "false")];
        let ended = doors.send(post("/connections/oura/disconnect").cookie(&cookie).form(&form)).await;
        assert_eq!(ended.location(), "/connections?disconnected=oura&revocation=done");
        let connections = page(ended.location()).await;
        assert!(connections.has("Oura is disconnected") && connections.has("Not connected"), "{connections:?}");
        let trail = page("/audit").await;
        for sentence in ["You connected Oura", "You asked for a sync of Oura", "Chain intact"] {
            assert!(trail.has(sentence), "{sentence}: {trail:?}");
        }
    }
}

#[tokio::test]
async fn nothing_ticked_means_no_and_not_everything() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let none = doors.send(post("/connections/oura/connect").cookie(&cookie).form(&[])).await;
    assert_eq!((none.status, none.problem().as_str()), (422, "invalid"));
}

#[tokio::test]
async fn only_what_was_ticked_is_asked_of_the_provider() {
    let doors = Doors::open().await;
    let (user, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let back = way_back(&agree(&doors, &cookie, &["workout", "spo2"], "").await);
    doors.send(get(&back).cookie(&cookie).browser()).await;
    let status = doors.house.engine.status(user.id, "oura").await.unwrap();
    let kinds: Vec<_> = status.consent.unwrap().kinds.into_iter().collect();
    assert_eq!(kinds, [Kind::Workout, Kind::Spo2]);
    let again = doors.send(get("/connections/oura/connect").cookie(&cookie).browser()).await;
    assert!(again.has("value=\"workout\" checked") && !again.has("value=\"sleep\" checked"), "{again:?}");
}

#[tokio::test]
async fn another_account_waits_for_the_persons_choice() {
    let doors = Doors::open().await;
    let (user, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    connect(&doors, &cookie, "").await;
    let other = other_account(&doors, &cookie).await;
    let account = async || doors.house.engine.status(user.id, "oura").await.unwrap().account.unwrap();
    let first = account().await;

    let asked = connect(&doors, &cookie, &other).await;
    assert!(asked.starts_with("/connections/oura/replace?connection="), "{asked}");
    let page = doors.send(get(&asked).cookie(&cookie).browser()).await;
    assert!(page.has("Replace your Oura account?") && page.has(first.label.as_deref().unwrap()), "{page:?}");
    let (_, stranger) = doors.visitor("robin@example.org", Role::Member).await;
    assert_eq!(doors.send(get(&asked).cookie(&stranger).browser()).await.status, 404);
    let kept = doors.send(post(&asked).cookie(&cookie).form(&[("keep", "true")])).await;
    assert_eq!(kept.location(), "/connections?kept=oura");
    assert_eq!(account().await, first);
    assert_eq!(doors.send(get(&asked).cookie(&cookie)).await.status, 404, "the other one was let go");

    let asked = connect(&doors, &cookie, &other).await;
    let hasty = doors.send(post(&asked).cookie(&cookie).form(&[("preserve_data", "true")])).await;
    assert_eq!(hasty.status, 422);
    let form = [("confirm", "true"), ("preserve_data", "true")];
    let replaced = doors.send(post(&asked).cookie(&cookie).form(&form)).await;
    assert_eq!(replaced.location(), "/connections?connected=oura");
    assert_ne!(account().await, first);
}

#[tokio::test]
async fn the_button_of_the_api_is_the_same_page() {
    let doors = Doors::open().await;
    let (user, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let path = "/api/v1/integrations/oura/auth";
    let page = doors.send(get(path).cookie(&cookie).browser()).await;
    assert!(page.has("Connect Oura") && page.has("Continue to Oura"), "{page:?}");
    let token = doors.token(&user, model::Scopes::personal()).await;
    let for_app = doors.send(get(path).bearer(&token)).await;
    assert!(for_app.has("Continue to Oura") && for_app.has("sends POST to this same address"), "{for_app:?}");
    assert!(!page.has("sends POST"), "a person is told nothing of programs");
    let nobody = doors.send(get(path).browser()).await;
    assert_eq!(nobody.location(), "/sign-in?return_to=%2Fconnections%2Foura%2Fconnect");
    assert_eq!(doors.send(get(path)).await.problem(), "unauthenticated");
    let unknown = doors.send(get("/connections/nothing/connect").cookie(&cookie).browser()).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn nobody_agrees_to_words_they_have_not_read() {
    let doors = Doors::open().await;
    let (_, cookie) = doors.visitor("ada@example.org", Role::Member).await;
    let path = "/connections/oura/connect";
    let page = doors.send(get(path).cookie(&cookie).browser()).await;
    let version = page.text.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(page.has("The last 30 days") && !page.has("These words have changed"), "{page:?}");
    let agree = async |version: &str| {
        let fields = [("version", version), ("kinds", "workout")];
        doors.send(post(path).cookie(&cookie).form(&fields).browser()).await
    };
    let again = agree("1999-01").await;
    assert_eq!(again.status, 200, "{again:?}");
    assert!(again.has("These words have changed") && again.has("value=\"workout\" checked"), "{again:?}");
    assert!(!again.has("value=\"sleep\" checked"), "what was ticked stays ticked, and no more");
    assert_eq!(agree(&version).await.status, 303);
}

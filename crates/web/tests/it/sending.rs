//! Outgoing webhooks through their doors: made, shown without their secret, changed, tried, deleted, by their owner.

use model::{Role, Scope, Scopes, Secret, User};
use serde_json::{Value, json};
use testkit::{Receiver, Reply};

use crate::doors::{Answer, Doors, ask, get, post};

const PATH: &str = "/api/v1/webhooks";
/// Who has events sent may read them, too.
const BOTH: [Scope; 2] = [Scope::WebhooksWrite, Scope::RecordsRead];

/// Somebody with a token, and an app's backend.
struct Scene {
    doors: Doors,
    receiver: Receiver,
    user: User,
    token: Secret,
}

impl Scene {
    async fn new() -> Self {
        let doors = Doors::open().await;
        let user = doors.somebody("ada@example.org", Role::Member).await;
        let token = doors.token(&user, Scopes(BOTH.into())).await;
        Self { doors, receiver: Receiver::open().await.unwrap(), user, token }
    }

    fn wanted(&self) -> Value {
        json!({ "name": "Desk", "url": self.receiver.url })
    }

    /// Makes a webhook; yields the answer and its path.
    async fn make(&self, wanted: &Value) -> (Answer, String) {
        let made = self.doors.send(post(PATH).bearer(&self.token).json(wanted)).await;
        assert_eq!(made.status, 201, "{made:?}");
        let path = format!("{PATH}/{}", made.json()["id"].as_str().unwrap());
        (made, path)
    }

    async fn show(&self, path: &str) -> Value {
        self.doors.send(get(path).bearer(&self.token)).await.json()
    }

    async fn patch(&self, path: &str, change: &Value) -> Answer {
        self.doors.send(ask("patch", path).bearer(&self.token).json(change)).await
    }
}

#[tokio::test]
async fn a_secret_is_shown_once_and_an_address_to_its_owner() {
    let scene = Scene::new().await;
    let (made, path) = scene.make(&scene.wanted()).await;
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{made:?}");
    let shown = scene.doors.send(get(&path).bearer(&scene.token)).await;
    assert!(!shown.has("whsec_") && shown.json()["secret"].is_null(), "{shown:?}");
    assert_eq!(shown.json()["url"], json!(scene.receiver.url));
    let listed = scene.doors.send(get(PATH).bearer(&scene.token)).await;
    assert_eq!(listed.json()["webhooks"], json!([shown.json()]));
    let rotated = scene.doors.send(post(&format!("{path}/rotate")).bearer(&scene.token)).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert_ne!(rotated.json()["secret"], json!(secret));
}

#[tokio::test]
async fn a_token_that_may_not_read_events_has_none_sent() {
    let scene = Scene::new().await;
    let (_, path) = scene.make(&scene.wanted()).await;
    let blind = scene.doors.token(&scene.user, Scopes([Scope::WebhooksWrite].into())).await;
    let make = post(PATH).json(&json!({ "name": "Desk", "url": scene.receiver.url, "after": 0 }));
    let elsewhere = ask("patch", &path).json(&json!({ "url": scene.receiver.url }));
    let on = ask("patch", &path).json(&json!({ "state": "active" }));
    for asked in [make, elsewhere, on] {
        let refused = scene.doors.send(asked.bearer(&blind)).await;
        assert_eq!((refused.status, refused.problem().as_str()), (403, "forbidden"), "{refused:?}");
        assert!(refused.has("records:read"), "{refused:?}");
    }
    let paused = scene.doors.send(ask("patch", &path).json(&json!({ "state": "disabled" })).bearer(&blind)).await;
    assert_eq!(paused.status, 200, "{paused:?}");
}

#[tokio::test]
async fn a_webhook_is_changed_paused_and_deleted() {
    let scene = Scene::new().await;
    let (_, path) = scene.make(&scene.wanted()).await;
    let change = json!({ "name": "Bedside", "kinds": ["sleep"], "state": "disabled" });
    let changed = scene.patch(&path, &change).await.json();
    assert_eq!((&changed["name"], &changed["kinds"]), (&json!("Bedside"), &json!(["sleep"])));
    assert_eq!((&changed["state"], &changed["disabled_reason"]), (&json!("disabled"), &json!("asked")));
    let resumed = scene.patch(&path, &json!({ "state": "active" })).await.json();
    assert_eq!((&resumed["state"], &resumed["disabled_reason"]), (&json!("active"), &Value::Null));
    assert_eq!(resumed["name"], json!("Bedside"), "what is not named stays");
    let deleted = scene.doors.send(ask("delete", &path).bearer(&scene.token)).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(scene.doors.send(get(&path).bearer(&scene.token)).await.problem(), "not-found");
}

#[tokio::test]
async fn what_makes_no_sense_is_told_by_field() {
    let scene = Scene::new().await;
    let (_, path) = scene.make(&scene.wanted()).await;
    for (field, change) in [
        ("url", json!({ "url": "https://192.168.1.1/" })),
        ("url", json!({ "url": "http://app.example/" })),
        ("kinds", json!({ "kinds": ["dreams"] })),
        ("state", json!({ "state": "gone" })),
        ("name", json!({ "name": "" })),
    ] {
        let refused = scene.patch(&path, &change).await;
        assert_eq!((refused.status, &refused.json()["field"]), (422, &json!(field)), "{refused:?}");
    }
    for (field, from) in [
        ("after", json!({})),
        ("after", json!({ "after": 0, "since": "2026-01-26T00:00:00Z" })),
        ("since", json!({ "since": "yesterday" })),
        ("after", json!({ "after": 7 })),
        ("user_id", json!({ "after": 0, "user_id": "patient-7" })),
    ] {
        let refused = scene.doors.send(post(&format!("{path}/replay")).bearer(&scene.token).json(&from)).await;
        assert_eq!((refused.status, &refused.json()["field"]), (422, &json!(field)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_test_says_what_came_back_and_is_among_the_attempts() {
    let scene = Scene::new().await;
    let (_, path) = scene.make(&scene.wanted()).await;
    let test = async || scene.doors.send(post(&format!("{path}/test")).bearer(&scene.token)).await.json();
    let taken = test().await;
    assert_eq!((&taken["delivered"], &taken["status"], &taken["error"]), (&json!(true), &json!(204), &Value::Null));
    scene.doors.house.clock.turn(std::time::Duration::from_secs(1));
    scene.receiver.answer(Reply::Status(500));
    let refused = test().await;
    assert_eq!((&refused["delivered"], &refused["status"]), (&json!(false), &json!(500)));
    let attempts = scene.show(&format!("{path}/attempts")).await["attempts"].clone();
    assert_eq!(attempts[0]["message_id"], refused["message_id"]);
    assert_eq!(attempts[1]["message_id"], taken["message_id"]);
    assert_eq!(attempts[0]["error"], json!("the receiver answered with status 500"));
}

#[tokio::test]
async fn what_happens_is_sent_and_sent_again() {
    let scene = Scene::new().await;
    let (_, path) = scene.make(&scene.wanted()).await;
    scene.doors.house.connect_to(scene.user.id, &["sleep_score"]).await.unwrap();
    scene.doors.work().await;
    let sent = scene.receiver.take().len();
    assert!(sent >= 30);
    assert_eq!(scene.show(&path).await["lag"], json!(0));
    let replay = post(&format!("{path}/replay")).bearer(&scene.token).json(&json!({ "after": 10 }));
    let replayed = scene.doors.send(replay).await;
    assert_eq!((replayed.status, &replayed.json()["lag"]), (202, &json!(sent - 10)), "{replayed:?}");
    scene.doors.work().await;
    assert_eq!(scene.receiver.take().len(), sent - 10);
}

#[tokio::test]
async fn an_app_has_webhooks_for_everybody_and_for_whom_it_names() {
    let scene = Scene::new().await;
    let admin = scene.doors.somebody("admin@example.org", Role::Admin).await;
    let service = scene.doors.service_token(&admin, Scopes(BOTH.into())).await;
    let of_all = scene.doors.send(post(PATH).bearer(&service).json(&scene.wanted())).await;
    assert_eq!(of_all.status, 201, "{of_all:?}");
    let named = format!("{PATH}?user_id={}", scene.user.id);
    let of_ada = scene.doors.send(post(&named).bearer(&service).json(&scene.wanted())).await;
    assert_eq!(of_ada.status, 201, "{of_ada:?}");
    let ids = async |path: &str, token: &Secret| -> Vec<Value> {
        let listed = scene.doors.send(get(path).bearer(token)).await.json();
        listed["webhooks"].as_array().unwrap().iter().map(|webhook| webhook["id"].clone()).collect()
    };
    let (of_all, of_ada) = (of_all.json()["id"].clone(), of_ada.json()["id"].clone());
    assert_eq!(ids(PATH, &service).await, std::slice::from_ref(&of_all));
    assert_eq!(ids(&named, &service).await, std::slice::from_ref(&of_ada));
    assert_eq!(ids(PATH, &scene.token).await, [of_ada], "the person sees what was set up for them");
    let path = format!("{PATH}/{}", of_all.as_str().unwrap());
    for method in ["get", "delete"] {
        let hidden = scene.doors.send(ask(method, &path).bearer(&scene.token)).await;
        assert_eq!(hidden.problem(), "not-found", "{method}");
    }
    let replay = post(&format!("{path}/replay")).bearer(&service).json(&json!({ "after": 0, "user_id": "nobody" }));
    assert_eq!(scene.doors.send(replay).await.problem(), "not-found");
}

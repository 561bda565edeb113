//! What providers are asked to send, through the doors: they are asked, make sure of our address, and are shown.

use model::{Role, Scope, Scopes, Secret};
use serde_json::{Value, json};
use testkit::Engine;

use crate::doors::{Ask, Doors, ask, get, post};

const PATH: &str = "/api/v1/subscriptions";

struct Office {
    doors: Doors,
    token: Secret,
}

impl Office {
    /// Somebody is connected, and the provider has been asked for all that it can tell.
    async fn open(doors: Doors) -> Self {
        let admin = doors.somebody("ada@example.org", Role::Admin).await;
        let scopes = Scopes([Scope::SubscriptionsRead, Scope::SubscriptionsWrite].into());
        let token = doors.service_token(&admin, scopes).await;
        doors.house.connect_to(admin.id, &["sleep_score"]).await.unwrap();
        doors.work().await;
        Self { doors, token }
    }

    async fn send(&self, ask: Ask, status: u16) -> Value {
        let answer = self.doors.send(ask.bearer(&self.token)).await;
        assert_eq!(answer.status, status, "{answer:?}");
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }

    async fn list(&self) -> (Value, Vec<Value>) {
        let mut answer = self.send(ask("get", PATH), 200).await;
        let subscriptions = answer["subscriptions"].as_array().unwrap().clone();
        (answer["listening"][0].take(), subscriptions)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_makes_sure_of_our_address_and_sends() {
    for database in Engine::all() {
        let office = Office::open(Doors::reachable(database).await).await;
        let (listening, subscriptions) = office.list().await;
        assert_eq!((&listening["state"], &listening["why"]), (&json!("active"), &Value::Null), "{listening}");
        assert_eq!((&listening["connections"], &listening["silent"]), (&json!(1), &json!(0)));
        let all = subscriptions.len();
        assert!(all > 40 && subscriptions.iter().all(|it| it["state"] == json!("active")), "{subscriptions:?}");
        let first = &subscriptions[0];
        let callback = first["callback_url"].as_str().unwrap();
        assert!(callback.starts_with("http://127.0.0.1:") && callback.ends_with("/api/v1/integrations/oura/webhook"));

        office.doors.house.clock.turn(std::time::Duration::from_hours(1));
        let path = format!("{PATH}/{}", first["id"].as_str().unwrap());
        let renewed = office.send(ask("post", &format!("{path}/renew")), 200).await;
        assert!(renewed["expires_at"].as_str() > first["expires_at"].as_str(), "{renewed} {first}");
        office.send(ask("delete", &path), 204).await;
        office.send(ask("delete", &path), 404).await;
        assert_eq!(office.list().await.1.len(), all - 1);
        let asked = office.send(ask("post", "/subscriptions"), 202).await;
        assert_eq!(asked["listening"][0]["provider"], json!("oura"));
        office.doors.work().await;
        assert_eq!(office.list().await.1.len(), all, "what is wanted is made again");
    }
}

#[tokio::test]
async fn it_is_said_why_a_provider_does_not_send() {
    let office = Office::open(Doors::open().await).await;
    let (listening, subscriptions) = office.list().await;
    assert_eq!((&listening["state"], subscriptions.len()), (&json!("unreachable"), 0));
    assert!(listening["why"].as_str().unwrap().contains("http://afferent.test"), "{listening}");
    let integration = "/api/v1/integrations/oura/status";
    let admin =
        office.doors.identity.sign_in("ada@example.org", &Secret::new(crate::doors::PASSWORD)).await.unwrap().user;
    let token = office.doors.token(&admin, Scopes::personal()).await;
    let status = office.doors.send(ask("get", integration).bearer(&token)).await.json();
    assert_eq!(status["listening"]["how"], json!("polling"), "{status}");
    let named = office.send(ask("get", &format!("{PATH}?provider=oura")), 200).await;
    assert_eq!(named["listening"][0], listening);
    office.send(ask("get", &format!("{PATH}?provider=whoop")), 404).await;
    let reconcile = format!("{PATH}/reconcile");
    office.send(ask("post", &reconcile).json(&json!({ "provider": "oura", "probe": true })), 202).await;
    office.send(ask("post", &reconcile).json(&json!({ "provider": "whoop" })), 404).await;
    office.send(ask("post", &reconcile).json(&json!({ "porvider": "oura" })), 422).await;
    office.send(ask("post", &format!("{PATH}/none/renew")), 404).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_renews_and_ends_them_on_the_page() {
    const PAGE: &str = "/server/subscriptions";
    for database in Engine::all() {
        let office = Office::open(Doors::reachable(database).await).await;
        let (_, cookie) = office.doors.visitor("root@example.org", Role::Admin).await;
        let (_, before) = office.list().await;
        let ids: Vec<_> = before[..2].iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
        let page = office.doors.send(get(PAGE).cookie(&cookie)).await;
        for form in ["action=\"/server/subscriptions/renew\"", "action=\"/server/subscriptions/end\"", &ids[0]] {
            assert!(page.has(form), "{form}: {page:?}");
        }
        let press = async |what: &str, fields: &[(&str, &str)]| {
            office.doors.send(post(&format!("{PAGE}/{what}")).cookie(&cookie).form(fields)).await
        };
        let both = [("subscription", ids[0].as_str()), ("subscription", ids[1].as_str())];
        let sure = [&both[..], &[("confirm", "true")]].concat();

        office.doors.house.clock.turn(std::time::Duration::from_hours(1));
        let renewed = press("renew", &both).await;
        assert_eq!((renewed.status, renewed.location()), (303, "/server/subscriptions?asked=renew"));
        let (_, after) = office.list().await;
        for (before, after) in before.iter().zip(&after) {
            let is_asked = ids.iter().any(|id| before["id"] == json!(id));
            assert_eq!(after["expires_at"].as_str() > before["expires_at"].as_str(), is_asked, "{after}");
        }

        assert_eq!(press("end", &both).await.status, 422, "it was not confirmed");
        assert_eq!(office.list().await.1.len(), before.len());
        let ended = press("end", &sure).await;
        assert_eq!((ended.status, ended.location()), (303, "/server/subscriptions?asked=end"));
        let left: Vec<_> = office.list().await.1.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(left.len(), before.len() - 2);
        assert!(ids.iter().all(|id| !left.contains(id)));
        for odd in [&[("confirm", "true")][..], &[("subscription", "odd"), ("confirm", "true")], &sure] {
            assert_eq!(press("end", odd).await.status, 404, "{odd:?}");
        }
        let (_, member) = office.doors.visitor("ben@example.org", Role::Member).await;
        let wrong = post(&format!("{PAGE}/renew")).cookie(&member).form(&[("subscription", &left[0])]);
        assert_eq!(office.doors.send(wrong).await.status, 403);
    }
}

//! Webhooks: what is sent to them, in which order, and what follows from how it is taken.

mod for_everybody;
mod order;
mod replayed;
mod safety;
mod secrets;
mod seen;
mod trouble;

use std::time::Duration;

use engine::{NewWebhook, Webhook};
use jiff::Timestamp;
use model::{Actor, Audience, Role, Scopes, Secret, Sharing, SinkId, TokenId, UserId};
use serde_json::Value;
use store::{NewToken, NewUser};
use testkit::{House, Plan, Post, Receiver};

use crate::people::connected_to;

/// Enough to be sent; everything would take longer.
const FEW: &[&str] = &["sleep_score"];

/// Somebody whose nights are known, and a backend that is told of them.
struct Scene {
    house: House,
    receiver: Receiver,
    user: UserId,
}

impl Scene {
    async fn new(database: testkit::Engine) -> Self {
        Self::planned(database, Plan::default()).await
    }

    async fn planned(database: testkit::Engine, plan: Plan) -> Self {
        let house = House::planned(database, plan).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        Self { house, receiver: Receiver::open().await.unwrap(), user }
    }

    fn own(&self) -> Audience {
        Audience::Person(self.user)
    }

    /// A webhook that the person makes, told of everything that is kept.
    async fn webhook(&self) -> (SinkId, Secret) {
        let (webhook, secret) = self.make(&Actor::User(self.user), self.own(), wanted(&self.receiver, Some(0))).await;
        (webhook.id, secret)
    }

    async fn make(&self, actor: &Actor, audience: Audience, wanted: NewWebhook) -> (Webhook, Secret) {
        self.house.engine.create_webhook(actor, audience, &wanted).await.unwrap()
    }

    async fn show(&self, id: SinkId) -> Webhook {
        self.house.engine.webhook(self.own(), id).await.unwrap()
    }

    /// Does what is due.
    async fn work(&self) {
        self.house.engine.run_due().await.unwrap();
    }

    /// Lets time pass, and does what falls due.
    async fn pass(&self, time: Duration) {
        self.house.clock.turn(time);
        self.work().await;
    }

    /// A token of somebody.
    async fn token(&self, user_id: UserId, service: bool, sharing: Sharing) -> TokenId {
        let mut tx = self.house.test.db.write().await.unwrap();
        let secret_hash = store::hash_secret(&self.house.test.db.random().secret());
        let name = "Bedside".to_owned();
        let scopes = Scopes::all();
        let new = NewToken { user_id, service, name, secret_hash, scopes, sharing, expires_at: None };
        let token = tx.add_token(self.house.now(), new).await.unwrap();
        tx.commit().await.unwrap();
        token.id
    }

    /// A service token of an administrator: the token, and whose it is.
    async fn service(&self) -> (Actor, UserId) {
        let mut tx = self.house.test.db.write().await.unwrap();
        let new =
            NewUser { external_id: None, email: None, password_hash: None, role: Role::Admin, zone: "UTC".to_owned() };
        let admin = tx.add_user(self.house.now(), new).await.unwrap().id;
        tx.commit().await.unwrap();
        (Actor::Token(self.token(admin, true, Sharing::default()).await), admin)
    }
}

/// A webhook for a receiver.
fn wanted(receiver: &Receiver, after: Option<i64>) -> NewWebhook {
    NewWebhook { name: "Desk".to_owned(), url: receiver.url.to_string(), after, ..NewWebhook::default() }
}

/// What a message says.
fn said(post: &Post) -> Value {
    serde_json::from_str(&post.body).unwrap()
}

/// The positions that were sent, in their order.
fn positions(posts: &[Post]) -> Vec<i64> {
    posts.iter().map(|post| said(post)["data"]["position"].as_i64().unwrap()).collect()
}

fn ids(posts: &[Post]) -> Vec<&str> {
    posts.iter().map(|post| post.header("webhook-id")).collect()
}

fn sent_at(post: &Post) -> Timestamp {
    Timestamp::from_second(post.header("webhook-timestamp").parse().unwrap()).unwrap()
}

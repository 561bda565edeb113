//! Webhooks of an app that embeds us: told of everybody, and held up by nobody.

use std::collections::BTreeMap;

use model::{Actor, Audience, UserId};
use testkit::{Engine, Post, Reply};

use super::{FEW, Scene, positions, said, wanted};
use crate::people::{HOUR, MINUTE, connected_to, log};

/// The positions that were sent, by person.
fn by_person(posts: &[Post]) -> BTreeMap<String, Vec<i64>> {
    let mut people: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for post in posts {
        let user = said(post)["data"]["user_id"].as_str().unwrap().to_owned();
        people.entry(user).or_default().extend(positions(std::slice::from_ref(post)));
    }
    people
}

async fn whole(scene: &Scene, users: &[UserId]) -> BTreeMap<String, Vec<i64>> {
    let mut people = BTreeMap::new();
    for user in users {
        people.insert(user.to_string(), (1..=log(&scene.house, *user).await.unwrap().len() as i64).collect());
    }
    people
}

#[tokio::test]
async fn everybody_is_told_of_from_the_beginning_or_from_now_on() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (robin, _) = connected_to(&scene.house, FEW).await.unwrap();
        let (service, _) = scene.service().await;
        scene.make(&service, Audience::Everybody, wanted(&scene.receiver, None)).await;
        scene.pass(2 * MINUTE).await;
        assert!(scene.receiver.posts().is_empty(), "nothing has happened since");
        let (late, _) = connected_to(&scene.house, FEW).await.unwrap();
        scene.work().await;
        assert_eq!(by_person(&scene.receiver.take()), whole(&scene, &[late]).await, "all of whoever comes later");
        scene.make(&service, Audience::Everybody, wanted(&scene.receiver, Some(0))).await;
        scene.pass(2 * MINUTE).await;
        assert_eq!(by_person(&scene.receiver.take()), whole(&scene, &[scene.user, robin, late]).await);
        let lags = scene.house.engine.webhooks(Audience::Everybody).await.unwrap();
        assert_eq!(lags.iter().map(|webhook| webhook.lag).collect::<Vec<_>>(), [0, 0]);
    }
}

#[tokio::test]
async fn one_persons_trouble_does_not_hold_up_others() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (robin, _) = connected_to(&scene.house, FEW).await.unwrap();
        let (service, _) = scene.service().await;
        let ada = scene.user.to_string();
        scene.receiver.behave(move |post| match said(post)["data"]["user_id"] == ada {
            true => Reply::Status(500),
            false => Reply::Status(200),
        });
        scene.make(&service, Audience::Everybody, wanted(&scene.receiver, Some(0))).await;
        for _ in 0..20 {
            scene.pass(MINUTE).await;
        }
        let mut came = by_person(&scene.receiver.take());
        let tried = came.remove(&scene.user.to_string()).unwrap();
        assert!(tried.len() < 8 && tried.iter().all(|position| *position == 1), "{tried:?}");
        assert_eq!(came, whole(&scene, &[robin]).await);
    }
}

#[tokio::test]
async fn a_receiver_that_is_down_is_not_asked_for_each_person() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let mut people = vec![scene.user];
        for _ in 0..3 {
            people.push(connected_to(&scene.house, FEW).await.unwrap().0);
        }
        let (service, _) = scene.service().await;
        scene.receiver.answer(Reply::Status(503));
        scene.make(&service, Audience::Everybody, wanted(&scene.receiver, Some(0))).await;
        for _ in 0..30 {
            scene.pass(MINUTE).await;
        }
        assert!(scene.receiver.take().len() <= 9, "once in five minutes for all of them together");
        scene.receiver.answer(Reply::Status(200));
        for _ in 0..4 {
            scene.pass(HOUR).await;
        }
        assert_eq!(by_person(&scene.receiver.take()), whole(&scene, &people).await);
    }
}

#[tokio::test]
async fn only_a_service_token_has_them() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let engine = &scene.house.engine;
        let own = Actor::Token(scene.token(scene.user, false, model::Sharing::default()).await);
        for actor in [own, Actor::User(scene.user)] {
            let refused = engine.create_webhook(&actor, Audience::Everybody, &wanted(&scene.receiver, None)).await;
            assert!(refused.is_err());
        }
        let (service, admin) = scene.service().await;
        let (webhook, _) = scene.make(&service, Audience::Everybody, wanted(&scene.receiver, Some(0))).await;
        testkit::run(&scene.house.test, format!("update users set role = 'member' where id = '{admin}'"))
            .await
            .unwrap();
        scene.pass(2 * MINUTE).await;
        assert!(scene.receiver.posts().is_empty(), "it ends when its maker is no administrator any more");
        let ended = engine.webhook(Audience::Everybody, webhook.id).await.unwrap();
        assert_eq!(ended.reason, Some(model::SinkReason::TokenEnded));
    }
}

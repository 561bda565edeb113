//! What follows when nothing is taken: patience, and then none.

use std::time::Duration;

use engine::{AuditQuery, WebhookChange};
use model::{Action, Actor, SinkId, SinkReason, SinkState};
use testkit::{Engine, Plan, Reply};

use super::{Scene, positions};
use crate::people::{HOUR, MINUTE, log};

/// What is on record of a webhook that was turned off by itself.
async fn turned_off(scene: &Scene) -> Vec<String> {
    let wanted = AuditQuery { action: Some(Action::WebhookChanged), limit: 100, ..AuditQuery::default() };
    let entries = scene.house.engine.audit(scene.user, &wanted).await.unwrap();
    entries.into_iter().filter(|entry| entry.actor == "system").filter_map(|entry| entry.detail).collect()
}

async fn turn_on(scene: &Scene, id: SinkId) {
    let change = WebhookChange { state: Some(SinkState::Active), ..WebhookChange::default() };
    let on = scene.house.engine.change_webhook(&Actor::User(scene.user), scene.own(), id, &change).await.unwrap();
    assert_eq!((on.state, on.reason, on.failing_since), (SinkState::Active, None, None));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_sent_nothing_more_until_it_is_turned_on() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        scene.receiver.answer(Reply::Status(410));
        let (id, _) = scene.webhook().await;
        scene.work().await;
        let off = scene.show(id).await;
        assert_eq!((off.state, off.reason), (SinkState::Disabled, Some(SinkReason::Gone)));
        assert_eq!(turned_off(&scene).await, ["webhook “Desk” turned off: the receiver wants no more"]);
        scene.receiver.answer(Reply::Status(200));
        scene.pass(24 * HOUR).await;
        assert_eq!(scene.receiver.take().len(), 1);
        turn_on(&scene, id).await;
        scene.work().await;
        let all = log(&scene.house, scene.user).await.unwrap().len() as i64;
        assert_eq!(positions(&scene.receiver.take()), (1..=all).collect::<Vec<_>>(), "it goes on from where it stood");
    }
}

#[tokio::test]
async fn after_five_days_of_nothing_but_failures_it_is_turned_off() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        scene.receiver.answer(Reply::Status(500));
        let (id, _) = scene.webhook().await;
        scene.work().await;
        for _ in 0..29 {
            scene.pass(4 * HOUR).await;
        }
        assert_eq!(scene.show(id).await.state, SinkState::Active, "four days and twenty hours");
        assert!((8..16).contains(&scene.receiver.posts().len()), "{}", scene.receiver.posts().len());
        for _ in 0..12 {
            scene.pass(4 * HOUR).await;
        }
        let off = scene.show(id).await;
        assert_eq!((off.state, off.reason), (SinkState::Disabled, Some(SinkReason::Failing)));
        assert_eq!(turned_off(&scene).await.len(), 1);
        let tried = scene.receiver.take().len();
        scene.receiver.answer(Reply::Status(200));
        scene.pass(48 * HOUR).await;
        assert!(scene.receiver.take().is_empty(), "after {tried} tries");
        turn_on(&scene, id).await;
        scene.work().await;
        assert_eq!(scene.show(id).await.lag, 0);
    }
}

#[tokio::test]
async fn one_success_begins_the_five_days_anew() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (id, _) = scene.webhook().await;
        scene.work().await;
        for day in 0..8 {
            scene.receiver.answer(Reply::Status(if day == 3 { 200 } else { 500 }));
            for _ in 0..6 {
                scene.pass(4 * HOUR).await;
            }
        }
        assert_eq!(scene.show(id).await.state, SinkState::Active);
    }
}

#[tokio::test]
async fn who_says_when_to_come_again_is_left_alone_until_then() {
    for database in Engine::all() {
        for status in [429, 503] {
            let scene = Scene::new(database).await;
            scene.receiver.answer(Reply::RetryAfter(status, "3600"));
            scene.webhook().await;
            scene.work().await;
            scene.receiver.answer(Reply::Status(200));
            for _ in 0..11 {
                scene.pass(5 * MINUTE).await;
            }
            assert_eq!(scene.receiver.posts().len(), 1);
            scene.pass(6 * MINUTE).await;
            assert!(scene.receiver.posts().len() > 1);
        }
    }
}

#[tokio::test]
async fn an_answer_that_leads_elsewhere_is_a_failure() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        scene.receiver.answer(Reply::Redirect);
        let (id, _) = scene.webhook().await;
        scene.work().await;
        assert_eq!(scene.receiver.posts().len(), 1, "nobody goes there");
        let attempts = scene.house.engine.webhook_attempts(scene.own(), id, 10).await.unwrap();
        assert_eq!((attempts.len(), attempts[0].status), (1, Some(302)));
        assert!(attempts[0].error.is_some());
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_a_failure_that_names_no_secret_of_it() {
    for database in Engine::all() {
        let mut scene = Scene::new(database).await;
        let url = scene.receiver.url.clone();
        let (id, _) = scene.webhook().await;
        let another = testkit::Receiver::open().await.unwrap();
        drop(std::mem::replace(&mut scene.receiver, another));
        scene.work().await;
        let failing = scene.show(id).await;
        let error = failing.last_error.unwrap();
        assert!(error.contains("127.0.0.1") && !error.contains("key"), "{error}");
        assert_eq!(failing.url, url.as_str(), "whom it belongs to is shown all of it");
    }
}

#[tokio::test]
async fn of_an_answer_only_the_status_counts() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        scene.receiver.answer(Reply::Long);
        let (id, _) = scene.webhook().await;
        scene.work().await;
        let well = scene.show(id).await;
        assert_eq!((well.lag, well.failing_since), (0, None), "{:?}", well.last_error);
    }
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_not_waited_for() {
    for database in Engine::all() {
        let plan = Plan { deadline: Duration::from_secs(2), ..Plan::default() };
        let scene = Scene::planned(database, plan).await;
        scene.receiver.answer(Reply::Silence);
        let (id, _) = scene.webhook().await;
        scene.work().await;
        assert_eq!(scene.receiver.posts().len(), 1);
        let failing = scene.show(id).await;
        assert!(failing.last_error.unwrap().contains("did not answer in time"));
    }
}

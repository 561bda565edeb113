//! Every event comes, in the order of its person's log, and again when it was not taken.

use engine::NewWebhook;
use model::{Actor, Kind};
use testkit::{Engine, Reply};

use super::{Scene, ids, positions, said, sent_at, wanted};
use crate::people::{HOUR, MINUTE, OURA, log};

#[tokio::test]
async fn every_event_comes_once_and_in_order() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (id, _) = scene.webhook().await;
        scene.work().await;
        let posts = scene.receiver.posts();
        let log = log(&scene.house, scene.user).await.unwrap();
        assert!(log.len() >= 30);
        assert_eq!(positions(&posts), (1..=log.len() as i64).collect::<Vec<_>>());
        for (post, change) in posts.iter().zip(&log) {
            let (said, change) = (said(post), serde_json::to_value(change).unwrap());
            assert_eq!(said["type"], "sleep_score.added");
            assert_eq!(said["data"]["user_id"], scene.user.to_string());
            for (name, value) in change.as_object().unwrap() {
                assert_eq!(said["data"][name], *value, "{name}");
            }
            assert_eq!(post.header("content-type"), "application/json");
        }
        let mut distinct = ids(&posts);
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), posts.len());
        let webhook = scene.show(id).await;
        assert_eq!((webhook.lag, webhook.last_success_at), (0, Some(scene.house.now())));
        scene.pass(HOUR).await;
        assert_eq!(scene.receiver.posts().len(), posts.len(), "nothing has happened since");
        scene.pass(24 * HOUR).await;
        let more = positions(&scene.receiver.posts());
        assert!(more.len() > posts.len(), "a night has passed");
        assert_eq!(more, (1..=more.len() as i64).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_new_webhook_begins_with_what_happens_from_now_on() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        scene.make(&Actor::User(scene.user), scene.own(), wanted(&scene.receiver, None)).await;
        scene.work().await;
        assert!(scene.receiver.posts().is_empty());
        let before = log(&scene.house, scene.user).await.unwrap().len() as i64;
        scene.pass(24 * HOUR).await;
        assert_eq!(positions(&scene.receiver.posts()).first(), Some(&(before + 1)));
    }
}

#[tokio::test]
async fn only_what_is_wanted_is_sent_and_the_rest_is_passed_by() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let of = |kinds: &[Kind], providers: &[&str]| NewWebhook {
            kinds: kinds.iter().map(ToString::to_string).collect(),
            providers: providers.iter().map(ToString::to_string).collect(),
            ..wanted(&scene.receiver, Some(0))
        };
        let (other, _) = scene.make(&Actor::User(scene.user), scene.own(), of(&[Kind::Workout], &[])).await;
        scene.work().await;
        assert!(scene.receiver.posts().is_empty());
        assert_eq!(scene.show(other.id).await.lag, 0);
        scene.make(&Actor::User(scene.user), scene.own(), of(&[Kind::SleepScore, Kind::Sleep], &[OURA])).await;
        scene.work().await;
        assert_eq!(scene.receiver.posts().len(), log(&scene.house, scene.user).await.unwrap().len());
    }
}

#[tokio::test]
async fn what_was_not_taken_comes_again_under_its_id_before_anything_else() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        scene.receiver.behave(|post| match positions(std::slice::from_ref(post))[0] {
            3 => Reply::Status(500),
            _ => Reply::Status(200),
        });
        let (id, _) = scene.webhook().await;
        scene.work().await;
        assert_eq!(positions(&scene.receiver.take()), [1, 2, 3]);
        let failing = scene.show(id).await;
        assert_eq!(failing.last_error.as_deref(), Some("the receiver answered with status 500"));
        assert_eq!(failing.failing_since, Some(scene.house.now()));
        scene.pass(MINUTE / 6).await;
        let again = scene.receiver.take();
        assert_eq!((positions(&again).as_slice(), sent_at(&again[0])), (&[3][..], scene.house.now()));
        let first = again[0].header("webhook-id").to_owned();
        scene.pass(2 * MINUTE).await;
        assert!(scene.receiver.take().is_empty(), "it waits for longer and longer");
        scene.receiver.answer(Reply::Status(200));
        scene.pass(5 * MINUTE).await;
        let rest = scene.receiver.take();
        assert_eq!(rest[0].header("webhook-id"), first);
        assert_eq!(
            positions(&rest),
            (3..=log(&scene.house, scene.user).await.unwrap().len() as i64).collect::<Vec<_>>()
        );
        let well = scene.show(id).await;
        assert_eq!((well.lag, well.failing_since), (0, None));
        let attempts = scene.house.engine.webhook_attempts(scene.own(), id, 500).await.unwrap();
        assert_eq!(attempts.iter().filter(|attempt| attempt.error.is_some()).count(), 2);
        assert_eq!(attempts.iter().filter(|attempt| attempt.message_id == first).count(), 3);
    }
}

#[tokio::test]
async fn a_receiver_that_is_down_for_an_hour_misses_nothing() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        scene.receiver.answer(Reply::Status(503));
        scene.webhook().await;
        for minute in 0..60 {
            scene.pass(MINUTE).await;
            if minute == 20 {
                let actor = Actor::User(scene.user);
                scene.house.engine.disconnect(&actor, scene.user, OURA, false).await.unwrap();
            }
        }
        let tried = scene.receiver.take();
        assert!((3..10).contains(&tried.len()), "it is tried now and then: {}", tried.len());
        scene.receiver.answer(Reply::Status(200));
        scene.pass(3 * HOUR).await;
        let came = scene.receiver.take();
        assert_eq!(
            positions(&came),
            (1..=log(&scene.house, scene.user).await.unwrap().len() as i64).collect::<Vec<_>>()
        );
        let removed = came.iter().filter(|post| said(post)["type"] == "sleep_score.removed").count();
        assert_eq!(removed * 2, came.len(), "what was erased meanwhile is told as well");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_dies_before_the_answer_is_kept_has_it_sent_once_more() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        scene.webhook().await;
        scene.receiver.answer(Reply::Silence);
        let engine = scene.house.engine.clone();
        let killed = tokio::spawn(async move { engine.run_due().await });
        while scene.receiver.posts().is_empty() {
            tokio::task::yield_now().await;
        }
        killed.abort();
        assert!(killed.await.unwrap_err().is_cancelled());
        scene.receiver.answer(Reply::Status(200));
        let next_door = scene.house.next_door().await.unwrap();
        next_door.run_due().await.unwrap();
        assert_eq!(scene.receiver.posts().len(), 1, "it is the first one's for as long as its lease lasts");
        scene.house.clock.turn(2 * MINUTE);
        next_door.run_due().await.unwrap();
        let posts = scene.receiver.posts();
        assert_eq!(ids(&posts)[0], ids(&posts)[1]);
        let all = log(&scene.house, scene.user).await.unwrap().len() as i64;
        assert_eq!(positions(&posts)[1..], (1..=all).collect::<Vec<_>>());
    }
}

//! Events are sent again on demand, under the ids that they had, as far back as they are kept.

use engine::{Error, ReplayFrom, WebhookChange};
use model::{Actor, Audience, SinkState};
use testkit::{Engine, count};

use super::{FEW, Scene, ids, positions, said, wanted};
use crate::people::{HOUR, MINUTE, connected_to, log};

#[tokio::test]
async fn what_was_sent_is_sent_again_from_a_position_or_an_instant_on() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let actor = Actor::User(scene.user);
        let (id, _) = scene.webhook().await;
        scene.work().await;
        let first = scene.receiver.take();
        let engine = &scene.house.engine;
        let replay = async |from| engine.replay_webhook(&actor, scene.own(), id, None, from).await;
        let replayed = replay(ReplayFrom::After(20)).await.unwrap();
        assert_eq!(replayed.lag, first.len() as i64 - 20);
        scene.work().await;
        let again = scene.receiver.take();
        assert_eq!(ids(&again), ids(&first)[20..]);
        for odd in [-1, first.len() as i64 + 1] {
            assert!(
                matches!(replay(ReplayFrom::After(odd)).await, Err(Error::Invalid { field: "after", .. })),
                "{odd}"
            );
        }
        let yesterday = scene.house.now();
        scene.pass(24 * HOUR).await;
        let new = scene.receiver.take();
        assert!(!new.is_empty());
        let since = yesterday.checked_add(jiff::SignedDuration::from_secs(1)).unwrap();
        replay(ReplayFrom::Since(since)).await.unwrap();
        scene.work().await;
        assert_eq!(ids(&scene.receiver.take()), ids(&new));
    }
}

#[tokio::test]
async fn what_was_pruned_cannot_be_sent_again_and_a_webhook_that_lost_something_is_told() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let actor = Actor::User(scene.user);
        let engine = &scene.house.engine;
        let (id, _) = scene.webhook().await;
        let set = async |state| {
            let change = WebhookChange { state: Some(state), ..WebhookChange::default() };
            engine.change_webhook(&actor, scene.own(), id, &change).await.unwrap();
        };
        set(SinkState::Disabled).await;
        let head = log(&scene.house, scene.user).await.unwrap().len() as i64;
        let mut tx = scene.house.test.db.write().await.unwrap();
        tx.prune_changes(scene.user, 10, 100).await.unwrap();
        tx.commit().await.unwrap();
        set(SinkState::Active).await;
        scene.work().await;
        let came = scene.receiver.take();
        let lost = said(&came[0]);
        assert_eq!(lost["type"], "events.reset");
        assert_eq!((&lost["data"]["floor"], &lost["data"]["head"]), (&10.into(), &head.into()));
        assert_eq!(positions(&came[1..]), (11..=head).collect::<Vec<_>>());
        let below = engine.replay_webhook(&actor, scene.own(), id, None, ReplayFrom::After(9)).await;
        assert!(matches!(below, Err(Error::Expired { floor: 10, .. })));
        let long_ago = jiff::Timestamp::UNIX_EPOCH;
        engine.replay_webhook(&actor, scene.own(), id, None, ReplayFrom::Since(long_ago)).await.unwrap();
        scene.work().await;
        assert_eq!(positions(&scene.receiver.take()), (11..=head).collect::<Vec<_>>(), "as far back as is kept");
    }
}

#[tokio::test]
async fn a_webhook_for_everybody_names_whose_position_it_is() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (robin, _) = connected_to(&scene.house, FEW).await.unwrap();
        let (service, _) = scene.service().await;
        let (webhook, _) = scene.make(&service, Audience::Everybody, wanted(&scene.receiver, Some(0))).await;
        scene.pass(2 * MINUTE).await;
        let all = scene.receiver.take().len();
        let engine = &scene.house.engine;
        let replay =
            async |user, from| engine.replay_webhook(&service, Audience::Everybody, webhook.id, user, from).await;
        assert!(matches!(replay(None, ReplayFrom::After(0)).await, Err(Error::Invalid { field: "user_id", .. })));
        replay(Some(robin), ReplayFrom::After(0)).await.unwrap();
        scene.work().await;
        let again = scene.receiver.take();
        assert!(again.iter().all(|post| said(post)["data"]["user_id"] == robin.to_string()));
        assert_eq!(again.len(), log(&scene.house, robin).await.unwrap().len());
        replay(None, ReplayFrom::Since(jiff::Timestamp::UNIX_EPOCH)).await.unwrap();
        scene.work().await;
        assert_eq!(scene.receiver.take().len(), all);
    }
}

#[tokio::test]
async fn what_is_deleted_leaves_nothing_behind() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (id, _) = scene.webhook().await;
        scene.work().await;
        scene.house.engine.delete_webhook(&Actor::User(scene.user), scene.own(), id).await.unwrap();
        scene.pass(24 * HOUR).await;
        for table in ["sinks", "sink_cursors", "sink_attempts"] {
            assert_eq!(count(&scene.house.test, format!("select count(*) from {table}")).await.unwrap(), 0, "{table}");
        }
        assert!(matches!(
            scene.house.engine.delete_webhook(&Actor::User(scene.user), scene.own(), id).await,
            Err(Error::NotFound("webhook"))
        ));
    }
}

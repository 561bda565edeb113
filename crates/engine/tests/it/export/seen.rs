//! A webhook is told no more than whoever answers for it could read.

use engine::{AuditQuery, Error, ReplayFrom, WebhookChange};
use model::{Action, Actor, Sharing, SinkReason, SinkState, Topic};
use testkit::{Engine, Reply, run};

use super::{Scene, wanted};
use crate::people::{HOUR, log};

fn without_sleep() -> Sharing {
    let mut sharing = Sharing::default();
    sharing.set(Topic::Sleep, false);
    sharing
}

#[tokio::test]
async fn what_a_person_does_not_share_is_not_sent() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let actor = Actor::User(scene.user);
        let (id, _) = scene.webhook().await;
        scene.house.engine.set_sharing(&actor, scene.user, &without_sleep()).await.unwrap();
        scene.work().await;
        assert!(scene.receiver.posts().is_empty());
        assert_eq!(scene.show(id).await.lag, 0, "it is passed by, not kept for later");
        scene.house.engine.set_sharing(&actor, scene.user, &Sharing::default()).await.unwrap();
        scene.pass(24 * HOUR).await;
        assert!(!scene.receiver.posts().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switches_that_are_turned_while_it_sends_hold_from_the_next_event_on() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        scene.webhook().await;
        scene.receiver.answer(Reply::Held);
        let engine = scene.house.engine.clone();
        let sending = tokio::spawn(async move { engine.run_due().await });
        while scene.receiver.posts().is_empty() {
            tokio::task::yield_now().await;
        }
        scene.house.engine.set_sharing(&Actor::User(scene.user), scene.user, &Sharing::nothing()).await.unwrap();
        scene.receiver.release();
        sending.await.unwrap().unwrap();
        assert_eq!(scene.receiver.posts().len(), 1, "the one that was under way");
    }
}

#[tokio::test]
async fn a_tokens_own_switches_hold_for_its_webhooks() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let narrow = Actor::Token(scene.token(scene.user, false, without_sleep()).await);
        scene.make(&narrow, scene.own(), wanted(&scene.receiver, Some(0))).await;
        scene.work().await;
        assert!(scene.receiver.posts().is_empty());
        let wide = Actor::Token(scene.token(scene.user, false, Sharing::default()).await);
        scene.make(&wide, scene.own(), wanted(&scene.receiver, Some(0))).await;
        scene.work().await;
        assert_eq!(scene.receiver.posts().len(), log(&scene.house, scene.user).await.unwrap().len());
    }
}

#[tokio::test]
async fn a_token_that_sends_a_webhook_elsewhere_answers_for_it() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (webhook, _) = scene.make(&Actor::User(scene.user), scene.own(), wanted(&scene.receiver, Some(0))).await;
        let narrow = Actor::Token(scene.token(scene.user, false, without_sleep()).await);
        let elsewhere = WebhookChange { url: Some(format!("{}2", scene.receiver.url)), ..WebhookChange::default() };
        scene.house.engine.change_webhook(&narrow, scene.own(), webhook.id, &elsewhere).await.unwrap();
        scene.work().await;
        assert!(scene.receiver.posts().is_empty(), "it is not sent what the token could not read");
    }
}

#[tokio::test]
async fn who_may_not_read_events_has_none_sent() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let actor = Actor::Token(scene.token(scene.user, false, Sharing::default()).await);
        let (webhook, _) = scene.make(&actor, scene.own(), wanted(&scene.receiver, Some(0))).await;
        run(&scene.house.test, "update api_tokens set scopes = 'webhooks:write'").await.unwrap();
        scene.work().await;
        assert!(scene.receiver.posts().is_empty(), "one that was made before goes nowhere");
        let ended = scene.show(webhook.id).await;
        assert_eq!((ended.state, ended.reason), (SinkState::Disabled, Some(SinkReason::TokenEnded)));
        let engine = &scene.house.engine;
        let made = engine.create_webhook(&actor, scene.own(), &wanted(&scene.receiver, Some(0))).await;
        assert!(matches!(made, Err(Error::Forbidden(why)) if why.contains("records:read")));
        let on = WebhookChange { state: Some(SinkState::Active), ..WebhookChange::default() };
        let elsewhere = WebhookChange { url: Some(format!("{}2", scene.receiver.url)), ..WebhookChange::default() };
        for change in [on, elsewhere] {
            let changed = engine.change_webhook(&actor, scene.own(), webhook.id, &change).await;
            assert!(matches!(changed, Err(Error::Forbidden(why)) if why.contains("records:read")));
        }
        let name = WebhookChange { name: Some("Bedside".to_owned()), ..WebhookChange::default() };
        engine.change_webhook(&actor, scene.own(), webhook.id, &name).await.unwrap();
    }
}

#[tokio::test]
async fn a_webhook_ends_with_its_token_until_somebody_else_answers_for_it() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let token = scene.token(scene.user, false, Sharing::default()).await;
        let (webhook, _) = scene.make(&Actor::Token(token), scene.own(), wanted(&scene.receiver, Some(0))).await;
        let mut tx = scene.house.test.db.write().await.unwrap();
        tx.revoke_token(scene.user, token, scene.house.now()).await.unwrap();
        tx.commit().await.unwrap();
        scene.work().await;
        assert!(scene.receiver.posts().is_empty());
        let ended = scene.show(webhook.id).await;
        assert_eq!((ended.state, ended.reason), (SinkState::Disabled, Some(SinkReason::TokenEnded)));
        let on = WebhookChange { state: Some(SinkState::Active), ..WebhookChange::default() };
        scene.house.engine.change_webhook(&Actor::User(scene.user), scene.own(), webhook.id, &on).await.unwrap();
        scene.work().await;
        assert_eq!(scene.receiver.posts().len(), log(&scene.house, scene.user).await.unwrap().len());
    }
}

#[tokio::test]
async fn a_program_that_is_told_is_on_record() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        scene.webhook().await;
        let token = scene.token(scene.user, false, Sharing::default()).await;
        scene.make(&Actor::Token(token), scene.own(), wanted(&scene.receiver, Some(0))).await;
        scene.work().await;
        let wanted = AuditQuery { action: Some(Action::EventsRead), limit: 100, ..AuditQuery::default() };
        let reads = scene.house.engine.audit(scene.user, &wanted).await.unwrap();
        assert_eq!(reads.len(), 1, "once a minute, and a person's own webhook not at all");
        assert_eq!(reads[0].actor_id, Some(token.to_string()));
    }
}

#[tokio::test]
async fn nobody_is_told_of_somebody_else() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (id, _) = scene.webhook().await;
        let robin = scene.house.somebody().await.unwrap().id;
        scene.make(&Actor::User(robin), model::Audience::Person(robin), wanted(&scene.receiver, Some(0))).await;
        scene.house.engine.delete_webhook(&Actor::User(scene.user), scene.own(), id).await.unwrap();
        scene.work().await;
        assert!(scene.receiver.posts().is_empty());
        let theirs = scene.house.engine.webhooks(model::Audience::Person(robin)).await.unwrap();
        assert_eq!((theirs.len(), theirs[0].lag), (1, 0));
        let (engine, actor, own, id) = (&scene.house.engine, Actor::User(scene.user), scene.own(), theirs[0].id);
        let change = WebhookChange::default();
        let from = ReplayFrom::After(0);
        let refused = [
            engine.webhook(own, id).await.err(),
            engine.change_webhook(&actor, own, id, &change).await.err(),
            engine.delete_webhook(&actor, own, id).await.err(),
            engine.rotate_webhook(&actor, own, id).await.err(),
            engine.replay_webhook(&actor, own, id, None, from).await.err(),
            engine.test_webhook(own, id).await.err(),
            engine.webhook_attempts(own, id, 10).await.err(),
        ];
        for error in refused {
            assert!(matches!(error, Some(Error::NotFound("webhook"))), "{error:?}");
        }
    }
}

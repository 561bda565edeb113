//! Messages are signed as the specification says, also while a secret is changed for another.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use model::{Actor, Secret};
use testkit::{Engine, Post, count};

use super::{Scene, said};
use crate::people::HOUR;

/// Which of the signatures of a message is a secret's, if one is.
fn signature_of(post: &Post, secret: &Secret) -> Option<usize> {
    let key = STANDARD.decode(secret.expose().strip_prefix("whsec_").unwrap()).unwrap();
    let signed = format!("{}.{}.{}", post.header("webhook-id"), post.header("webhook-timestamp"), post.body);
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
    let wanted = format!("v1,{}", STANDARD.encode(signature));
    post.header("webhook-signature").split(' ').position(|signature| signature == wanted)
}

#[tokio::test]
async fn every_message_is_signed_by_the_webhooks_own_secret() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (_, secret) = scene.webhook().await;
        let (_, other) = scene.webhook().await;
        scene.work().await;
        let posts = scene.receiver.posts();
        let (by_one, by_other): (Vec<_>, Vec<_>) = posts.iter().partition(|post| signature_of(post, &secret).is_some());
        assert_eq!(by_one.len(), by_other.len());
        assert!(by_other.iter().all(|post| signature_of(post, &other) == Some(0)));
    }
}

#[tokio::test]
async fn for_a_day_both_secrets_sign() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (id, old) = scene.webhook().await;
        let engine = &scene.house.engine;
        let (_, new) = engine.rotate_webhook(&Actor::User(scene.user), scene.own(), id).await.unwrap();
        assert_ne!(old, new);
        scene.work().await;
        for post in scene.receiver.take() {
            assert_eq!((signature_of(&post, &new), signature_of(&post, &old)), (Some(0), Some(1)));
        }
        scene.pass(25 * HOUR).await;
        let later = scene.receiver.take();
        assert!(!later.is_empty());
        for post in later {
            assert_eq!((signature_of(&post, &new), signature_of(&post, &old)), (Some(0), None));
        }
    }
}

#[tokio::test]
async fn two_changes_within_a_day_leave_the_first_secret_its_day() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (id, first) = scene.webhook().await;
        let engine = &scene.house.engine;
        for _ in 0..2 {
            scene.house.clock.turn(HOUR);
            engine.rotate_webhook(&Actor::User(scene.user), scene.own(), id).await.unwrap();
        }
        scene.work().await;
        let posts = scene.receiver.take();
        assert!(!posts.is_empty());
        assert!(posts.iter().all(|post| signature_of(post, &first) == Some(2)));
    }
}

#[tokio::test]
async fn a_test_is_signed_and_says_what_came_back() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (id, secret) = scene.webhook().await;
        let tested = scene.house.engine.test_webhook(scene.own(), id).await.unwrap();
        assert_eq!((tested.taken, tested.status, tested.error), (true, Some(204), None));
        let posts = scene.receiver.take();
        assert_eq!((posts.len(), signature_of(&posts[0], &secret)), (1, Some(0)));
        assert_eq!(
            (&said(&posts[0])["type"], posts[0].header("webhook-id")),
            (&"webhook.test".into(), &*tested.message_id)
        );
        scene.receiver.answer(testkit::Reply::Status(404));
        let refused = scene.house.engine.test_webhook(scene.own(), id).await.unwrap();
        assert_eq!((refused.taken, refused.status), (false, Some(404)));
        assert_ne!(refused.message_id, tested.message_id);
    }
}

#[tokio::test]
async fn neither_address_nor_secret_is_in_the_database_in_the_clear() {
    for database in Engine::all() {
        let scene = Scene::new(database).await;
        let (_, secret) = scene.webhook().await;
        scene.work().await;
        let hidden = [secret.expose().trim_start_matches("whsec_"), "key=in-the-url"];
        for text in hidden {
            let hex: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
            let found = match scene.house.test.db.is_embedded() {
                true => format!("select count(*) from sinks where instr(hex(settings_sealed), '{hex}') > 0"),
                false => {
                    format!("select count(*) from sinks where upper(encode(settings_sealed, 'hex')) like '%{hex}%'")
                }
            };
            assert_eq!(count(&scene.house.test, found).await.unwrap(), 0);
        }
        assert_eq!(count(&scene.house.test, "select count(*) from sinks").await.unwrap(), 1);
    }
}

//! Sealed tokens: one refresh at a time, and no newer tokens are ever overwritten by older ones.

use jiff::{SignedDuration, Timestamp};
use model::{ConnectionId, UserId};
use store::{Claim, Db, Error, Swap};
use testkit::{Engine, TestDb};

use crate::{
    connected::{connect, tokens},
    people::{add, minute},
};

struct Kept {
    test: TestDb,
    user: UserId,
    id: ConnectionId,
    rotation: i64,
}

async fn keep(engine: Engine) -> Kept {
    let test = TestDb::new(engine).await.unwrap();
    let user = add(&test.db, "ada@example.org").await.unwrap().id;
    let id = connect(&test.db, user).await.unwrap();
    let mut tx = test.db.write().await.unwrap();
    tx.keep_credential(user, id, &tokens("1"), minute(0)).await.unwrap();
    let rotation = tx.find_credential(user, id, minute(0)).await.unwrap().unwrap().rotation;
    tx.commit().await.unwrap();
    Kept { test, user, id, rotation }
}

fn lease(now: Timestamp) -> Timestamp {
    now + SignedDuration::from_secs(90)
}

#[tokio::test]
async fn tokens_come_back_as_they_were_kept() {
    for engine in Engine::all() {
        let Kept { test, user, id, .. } = keep(engine).await;
        let mut tx = test.db.read().await.unwrap();
        let kept = tx.find_credential(user, id, minute(0)).await.unwrap().unwrap();
        assert_eq!((kept.access.expose(), kept.refresh.unwrap().expose()), ("access 1", "refresh 1"));
        assert_eq!((kept.expires_at, kept.refresh_at), (minute(100), minute(90)));
        assert!(!kept.outcome_unknown && !kept.being_refreshed);
        assert_eq!(tx.token_expiry(user, id).await.unwrap(), Some(minute(100)));
        let ben = test.db.random().id(minute(0));
        assert!(tx.find_credential(ben, id, minute(0)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_claim_holds_until_it_is_released_or_lapses() {
    for engine in Engine::all() {
        let Kept { test, user, id, rotation } = keep(engine).await;
        let mut tx = test.db.write().await.unwrap();
        let now = minute(90);
        let claim = tx.claim_refresh(user, id, rotation, "a", now, lease(now)).await.unwrap();
        assert_eq!(claim, Claim::Taken);
        let held = tx.find_credential(user, id, now).await.unwrap().unwrap();
        assert!(held.being_refreshed && !held.outcome_unknown);
        let claim = tx.claim_refresh(user, id, rotation, "b", now, lease(now)).await.unwrap();
        assert_eq!(claim, Claim::Held(lease(now)));
        tx.release_refresh(user, id, "b", true).await.unwrap();
        assert!(tx.find_credential(user, id, now).await.unwrap().unwrap().being_refreshed, "it is not b's to release");
        tx.release_refresh(user, id, "a", true).await.unwrap();
        let free = tx.find_credential(user, id, now).await.unwrap().unwrap();
        assert!(!free.being_refreshed && !free.outcome_unknown);

        let claim = tx.claim_refresh(user, id, rotation, "a", now, lease(now)).await.unwrap();
        assert_eq!(claim, Claim::Taken);
        let later = lease(now);
        assert!(tx.find_credential(user, id, later).await.unwrap().unwrap().outcome_unknown, "its owner died");
        let claim = tx.claim_refresh(user, id, rotation, "b", later, lease(later)).await.unwrap();
        assert_eq!(claim, Claim::Taken);
        tx.release_refresh(user, id, "b", false).await.unwrap();
        assert!(tx.find_credential(user, id, later).await.unwrap().unwrap().outcome_unknown, "nobody knows yet");
    }
}

#[tokio::test]
async fn tokens_are_swapped_once_for_each_rotation() {
    for engine in Engine::all() {
        let Kept { test, user, id, rotation } = keep(engine).await;
        let mut tx = test.db.write().await.unwrap();
        let now = minute(90);
        tx.claim_refresh(user, id, rotation, "a", now, lease(now)).await.unwrap();
        assert_eq!(tx.swap_credential(user, id, rotation, &tokens("2"), now).await.unwrap(), Swap::Stored);
        let swapped = tx.find_credential(user, id, now).await.unwrap().unwrap();
        assert_eq!((swapped.access.expose(), swapped.rotation), ("access 2", rotation + 1));
        assert_eq!((swapped.expires_at, swapped.being_refreshed), (minute(190), false));
        assert_eq!(tx.swap_credential(user, id, rotation, &tokens("3"), now).await.unwrap(), Swap::Overtaken);
        let claim = tx.claim_refresh(user, id, rotation, "b", now, lease(now)).await.unwrap();
        assert_eq!(claim, Claim::Rotated);
        let unrotated = model::TokenSet { refresh: None, ..tokens("4") };
        assert_eq!(tx.swap_credential(user, id, rotation + 1, &unrotated, now).await.unwrap(), Swap::Stored);
        let kept = tx.find_credential(user, id, now).await.unwrap().unwrap();
        assert_eq!(kept.refresh.unwrap().expose(), "refresh 2", "the old one lives on");
    }
}

#[tokio::test]
async fn tokens_that_come_too_late_are_to_be_revoked() {
    for engine in Engine::all() {
        let Kept { test, user, id, rotation } = keep(engine).await;
        let mut tx = test.db.write().await.unwrap();
        tx.destroy_credential(user, id).await.unwrap();
        assert_eq!(tx.swap_credential(user, id, rotation, &tokens("2"), minute(1)).await.unwrap(), Swap::Removed);
        let claim = tx.claim_refresh(user, id, rotation, "a", minute(1), lease(minute(1))).await;
        assert!(matches!(claim, Err(Error::NotFound("credential"))), "{claim:?}");
        tx.keep_credential(user, id, &tokens("3"), minute(2)).await.unwrap();
        let swap = tx.swap_credential(user, id, rotation, &tokens("2"), minute(3)).await.unwrap();
        assert_eq!(swap, Swap::Overtaken, "a rotation from before never fits again");
        tx.destroy_connection_key(user, id).await.unwrap();
        assert_eq!(tx.swap_credential(user, id, rotation, &tokens("4"), minute(4)).await.unwrap(), Swap::Removed);
    }
}

#[tokio::test]
async fn connecting_again_replaces_the_tokens_and_ends_a_claim() {
    for engine in Engine::all() {
        let Kept { test, user, id, rotation } = keep(engine).await;
        let mut tx = test.db.write().await.unwrap();
        tx.claim_refresh(user, id, rotation, "a", minute(1), lease(minute(1))).await.unwrap();
        tx.keep_credential(user, id, &tokens("2"), minute(1)).await.unwrap();
        let kept = tx.find_credential(user, id, minute(1)).await.unwrap().unwrap();
        assert_eq!((kept.access.expose(), kept.being_refreshed, kept.outcome_unknown), ("access 2", false, false));
        assert_eq!(tx.swap_credential(user, id, rotation, &tokens("3"), minute(1)).await.unwrap(), Swap::Overtaken);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_claims_side_by_side_one_is_taken() {
    for engine in Engine::all() {
        let Kept { test, user, id, rotation } = keep(engine).await;
        let other = test.again().await.unwrap();
        let claims: Vec<_> = (0..20)
            .map(|number| {
                let db = if number % 2 == 0 { test.db.clone() } else { other.clone() };
                tokio::spawn(claim(db, user, id, rotation, number))
            })
            .collect();
        let mut taken = 0;
        for one in claims {
            taken += usize::from(one.await.unwrap().unwrap() == Claim::Taken);
        }
        assert_eq!(taken, 1);
    }
}

async fn claim(db: Db, user: UserId, id: ConnectionId, rotation: i64, number: i32) -> store::Result<Claim> {
    let mut tx = db.write().await?;
    tx.lock_credential(user, id).await?;
    let claim = tx.claim_refresh(user, id, rotation, &number.to_string(), minute(90), lease(minute(90))).await?;
    tx.commit().await?;
    Ok(claim)
}

#[tokio::test]
async fn an_access_token_in_the_place_of_a_refresh_token_does_not_open() {
    for engine in Engine::all() {
        let Kept { test, user, id, .. } = keep(engine).await;
        testkit::run(&test, "update credentials set refresh_sealed = access_sealed").await.unwrap();
        let moved = test.db.read().await.unwrap().find_credential(user, id, minute(1)).await;
        assert!(matches!(moved, Err(Error::Sealed(_))), "{moved:?}");
    }
}

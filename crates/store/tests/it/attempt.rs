//! OAuth round trips: found by their state, used once.

use std::collections::BTreeSet;

use model::{Kind, Secret, UserId};
use store::{NewAttempt, Principal};
use testkit::{Engine, TestDb};

use crate::people::{add, minute};

fn new_attempt(user_id: UserId, state_hash: &str) -> NewAttempt {
    NewAttempt {
        state_hash: state_hash.into(),
        user_id,
        principal: Principal::Link("cookie".into()),
        provider: "oura".into(),
        verifier: Some(Secret::new("a verifier")),
        scopes: BTreeSet::from(["daily".to_owned(), "heartrate".to_owned()]),
        kinds: BTreeSet::from([Kind::Sleep, Kind::HeartRate]),
        purpose: "To tell my agent how I slept".into(),
        consent_version: "1".into(),
        link_id: None,
        expires_at: minute(10),
    }
}

#[tokio::test]
async fn a_round_trip_comes_back_as_it_began() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        let link_id = Some(test.db.random().id(minute(0)));
        let new = NewAttempt { link_id, ..new_attempt(ada, "state") };
        tx.begin_attempt(minute(0), new.clone()).await.unwrap();
        let found = tx.find_attempt("state").await.unwrap().unwrap();
        assert_eq!(found.user_id, ada);
        assert_eq!(found.principal, Principal::Link("cookie".into()).to_string());
        assert_eq!(found.verifier.unwrap().expose(), "a verifier");
        assert_eq!((found.provider, found.scopes, found.kinds), (new.provider, new.scopes, new.kinds));
        assert_eq!((found.purpose, found.consent_version), (new.purpose, new.consent_version));
        assert_eq!((found.link_id, found.used_at), (link_id, None));
        assert_eq!((found.created_at, found.expires_at), (minute(0), minute(10)));
        assert!(tx.find_attempt("another").await.unwrap().is_none());
        let plain = NewAttempt { verifier: None, scopes: BTreeSet::new(), ..new_attempt(ada, "plain") };
        tx.begin_attempt(minute(0), plain).await.unwrap();
        let plain = tx.find_attempt("plain").await.unwrap().unwrap();
        assert!(plain.verifier.is_none() && plain.scopes.is_empty());
    }
}

#[tokio::test]
async fn a_round_trip_is_used_once_and_in_time() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        tx.begin_attempt(minute(0), new_attempt(ada, "state")).await.unwrap();
        assert!(!tx.use_attempt("state", minute(10)).await.unwrap(), "expired");
        assert!(!tx.use_attempt("another", minute(9)).await.unwrap());
        assert!(tx.use_attempt("state", minute(9)).await.unwrap());
        assert!(!tx.use_attempt("state", minute(9)).await.unwrap());
        let used = tx.find_attempt("state").await.unwrap().unwrap();
        assert_eq!(used.used_at, Some(minute(9)));
        assert!(used.verifier.is_none(), "its verifier is destroyed");
    }
}

#[tokio::test]
async fn of_callbacks_side_by_side_one_is_the_first() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        tx.begin_attempt(minute(0), new_attempt(ada, "state")).await.unwrap();
        tx.commit().await.unwrap();
        let callbacks: Vec<_> = (0..8)
            .map(|_| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    let mut tx = db.write().await?;
                    let first = tx.use_attempt("state", minute(1)).await?;
                    tx.commit().await?;
                    Ok::<_, store::Error>(first)
                })
            })
            .collect();
        let mut firsts = 0;
        for callback in callbacks {
            firsts += u32::from(callback.await.unwrap().unwrap());
        }
        assert_eq!(firsts, 1);
    }
}

#[tokio::test]
async fn a_verifier_moved_to_another_round_trip_does_not_open() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        tx.begin_attempt(minute(0), new_attempt(ada, "state")).await.unwrap();
        tx.commit().await.unwrap();
        testkit::run(&test, "update attempts set state_hash = 'moved'").await.unwrap();
        let moved = test.db.read().await.unwrap().find_attempt("moved").await;
        assert!(matches!(moved, Err(store::Error::Sealed(_))), "{moved:?}");
    }
}

#[tokio::test]
async fn sweeping_takes_the_ended_ones() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        tx.begin_attempt(minute(0), new_attempt(ada, "old")).await.unwrap();
        let new = NewAttempt { expires_at: minute(11), ..new_attempt(ada, "new") };
        tx.begin_attempt(minute(1), new).await.unwrap();
        assert_eq!(tx.sweep_attempts(minute(11)).await.unwrap(), 1);
        assert!(tx.find_attempt("old").await.unwrap().is_none());
        assert!(tx.find_attempt("new").await.unwrap().is_some());
    }
}

//! Requests that may be repeated.

use store::Remembered;
use testkit::{Engine, TestDb};

use crate::people::{add, minute};

#[tokio::test]
async fn a_key_is_taken_once_and_answers_the_same_request() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        assert_eq!(tx.remember(ada, "token:a", "key", "request", minute(0)).await.unwrap(), Remembered::New);
        assert_eq!(tx.remember(ada, "token:a", "key", "request", minute(0)).await.unwrap(), Remembered::InProgress);
        tx.keep_answer(ada, "token:a", "key", 201, b"{\"id\":1}").await.unwrap();
        let answer = Remembered::Answered { status: 201, body: b"{\"id\":1}".to_vec() };
        assert_eq!(tx.remember(ada, "token:a", "key", "request", minute(0)).await.unwrap(), answer);
        assert_eq!(tx.remember(ada, "token:a", "key", "other", minute(0)).await.unwrap(), Remembered::Different);
        assert_eq!(tx.remember(ada, "token:b", "key", "request", minute(0)).await.unwrap(), Remembered::New);
    }
}

#[tokio::test]
async fn a_request_that_came_to_nothing_may_be_tried_again() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        tx.remember(ada, "token:a", "key", "request", minute(0)).await.unwrap();
        tx.forget_key("token:a", "key").await.unwrap();
        assert_eq!(tx.remember(ada, "token:a", "key", "request", minute(0)).await.unwrap(), Remembered::New);
        tx.keep_answer(ada, "token:a", "key", 200, b"").await.unwrap();
        tx.forget_key("token:a", "key").await.unwrap();
        let known = tx.remember(ada, "token:a", "key", "request", minute(0)).await.unwrap();
        assert!(matches!(known, Remembered::Answered { .. }), "an answer is not forgotten: {known:?}");
    }
}

#[tokio::test]
async fn what_a_dead_process_left_unanswered_is_carried_out_by_another() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        tx.remember(ada, "token:a", "key", "request", minute(0)).await.unwrap();
        assert_eq!(tx.remember(ada, "token:a", "key", "request", minute(15)).await.unwrap(), Remembered::InProgress);
        assert_eq!(tx.remember(ada, "token:a", "key", "request", minute(16)).await.unwrap(), Remembered::New);
        assert_eq!(tx.remember(ada, "token:a", "key", "request", minute(16)).await.unwrap(), Remembered::InProgress);
        tx.keep_answer(ada, "token:a", "key", 200, b"").await.unwrap();
        let known = tx.remember(ada, "token:a", "key", "request", minute(99)).await.unwrap();
        assert!(matches!(known, Remembered::Answered { .. }), "{known:?}");
    }
}

#[tokio::test]
async fn keys_are_forgotten_with_age() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        tx.remember(ada, "token:a", "old", "request", minute(0)).await.unwrap();
        tx.remember(ada, "token:a", "new", "request", minute(5)).await.unwrap();
        assert_eq!(tx.sweep_keys(minute(5)).await.unwrap(), 1);
        assert_eq!(tx.remember(ada, "token:a", "old", "request", minute(5)).await.unwrap(), Remembered::New);
        assert_eq!(tx.remember(ada, "token:a", "new", "request", minute(5)).await.unwrap(), Remembered::InProgress);
    }
}

#[tokio::test]
async fn an_answer_moved_to_another_key_does_not_open() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        tx.remember(ada, "token:a", "key", "request", minute(0)).await.unwrap();
        tx.keep_answer(ada, "token:a", "key", 201, b"a secret").await.unwrap();
        tx.commit().await.unwrap();
        testkit::run(&test, "update idempotency_keys set principal = 'token:b'").await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let moved = tx.remember(ada, "token:b", "key", "request", minute(0)).await;
        assert!(matches!(moved, Err(store::Error::Sealed(_))), "{moved:?}");
    }
}

#[tokio::test]
async fn of_requests_side_by_side_one_is_carried_out() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let requests: Vec<_> = (0..8)
            .map(|_| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    let mut tx = db.write().await?;
                    let known = tx.remember(ada, "token:a", "key", "request", minute(0)).await?;
                    tx.commit().await?;
                    Ok::<_, store::Error>(known)
                })
            })
            .collect();
        let mut new = 0;
        for request in requests {
            match request.await.unwrap().unwrap() {
                Remembered::New => new += 1,
                known => assert_eq!(known, Remembered::InProgress),
            }
        }
        assert_eq!(new, 1);
    }
}

//! Sessions, by the hash of their cookie.

use testkit::{Engine, TestDb};

use crate::people::{add, minute};

#[tokio::test]
async fn a_session_lives_until_it_expires() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let id = tx.add_session(ada.id, "cookie", minute(0), minute(10)).await.unwrap();
        let found = tx.find_session("cookie", minute(9)).await.unwrap().unwrap();
        assert_eq!((found.id, found.user_id), (id, ada.id));
        assert_eq!((found.created_at, found.last_seen_at, found.expires_at), (minute(0), minute(0), minute(10)));
        assert!(tx.find_session("cookie", minute(10)).await.unwrap().is_none());
        assert!(tx.find_session("another", minute(9)).await.unwrap().is_none());
        tx.extend_session(ada.id, id, minute(5), minute(20)).await.unwrap();
        let found = tx.find_session("cookie", minute(19)).await.unwrap().unwrap();
        assert_eq!((found.created_at, found.last_seen_at, found.expires_at), (minute(0), minute(5), minute(20)));
    }
}

#[tokio::test]
async fn sessions_end_alone_or_together_and_only_their_owner_s() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) =
            (add(&test.db, "ada@example.org").await.unwrap(), add(&test.db, "ben@example.org").await.unwrap());
        let mut tx = test.db.write().await.unwrap();
        let first = tx.add_session(ada.id, "a1", minute(0), minute(10)).await.unwrap();
        tx.add_session(ada.id, "a2", minute(0), minute(10)).await.unwrap();
        tx.add_session(ben.id, "b1", minute(0), minute(10)).await.unwrap();
        tx.end_session(ben.id, first).await.unwrap();
        tx.extend_session(ben.id, first, minute(1), minute(99)).await.unwrap();
        assert!(tx.find_session("a1", minute(1)).await.unwrap().is_some(), "another person cannot end it");
        assert!(tx.find_session("a1", minute(11)).await.unwrap().is_none(), "nor prolong it");
        tx.end_session(ada.id, first).await.unwrap();
        assert!(tx.find_session("a1", minute(1)).await.unwrap().is_none());
        assert!(tx.find_session("a2", minute(1)).await.unwrap().is_some());
        tx.end_sessions(ada.id).await.unwrap();
        assert!(tx.find_session("a2", minute(1)).await.unwrap().is_none());
        assert!(tx.find_session("b1", minute(1)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn sweeping_takes_the_ended_ones() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        tx.add_session(ada.id, "a1", minute(0), minute(10)).await.unwrap();
        tx.add_session(ada.id, "a2", minute(0), minute(11)).await.unwrap();
        assert_eq!(tx.sweep_sessions(minute(10)).await.unwrap(), 1);
        assert!(tx.find_session("a2", minute(10)).await.unwrap().is_some());
    }
}

//! What is forgotten of the logs.

use model::{ChangeType, ConnectionId, Kind, UserId};
use store::{Error, NewChange};
use testkit::{Engine, TestDb, count};

use crate::{
    connected::connect,
    people::{add, minute},
};

async fn log_of(test: &TestDb, email: &str, minutes: &[i64]) -> (UserId, ConnectionId) {
    let user = add(&test.db, email).await.unwrap().id;
    let id = connect(&test.db, user).await.unwrap();
    let mut tx = test.db.write().await.unwrap();
    for at in minutes {
        let record_id = test.db.random().id(minute(0));
        let change = NewChange { change_type: ChangeType::Added, record_id, kind: Kind::Sleep, day: None };
        tx.append_changes(user, "oura", id, &[change], minute(*at)).await.unwrap();
    }
    tx.commit().await.unwrap();
    (user, id)
}

#[tokio::test]
async fn whose_log_is_overgrown_is_found() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, _) = log_of(&test, "ada@example.org", &[1, 2, 8]).await;
        let (bob, _) = log_of(&test, "bob@example.org", &[7, 8]).await;
        log_of(&test, "cy@example.org", &[]).await;
        let mut tx = test.db.write().await.unwrap();
        let overgrown = tx.overgrown(None, minute(5), 10).await.unwrap();
        assert_eq!(overgrown, [ada]);
        assert!(tx.overgrown(Some(ada.max(bob)), minute(9), 10).await.unwrap().is_empty());
        assert_eq!(tx.overgrown(None, minute(9), 1).await.unwrap(), [ada.min(bob)]);
        tx.prune_changes(ada, 2, 10).await.unwrap();
        assert!(tx.overgrown(None, minute(5), 10).await.unwrap().is_empty(), "what is pruned is not looked at again");
    }
}

#[tokio::test]
async fn pruning_moves_the_floor_and_leaves_the_rest() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, id) = log_of(&test, "ada@example.org", &[1, 2, 3, 8, 4, 9]).await;
        log_of(&test, "bob@example.org", &[1, 2]).await;
        let mut tx = test.db.write().await.unwrap();
        assert_eq!(tx.older_up_to(ada, minute(5)).await.unwrap(), 3, "never beyond what is young");
        assert_eq!(tx.prune_changes(ada, 3, 2).await.unwrap(), 2);
        assert_eq!(tx.log(ada).await.unwrap().floor, 2);
        assert_eq!(tx.prune_changes(ada, 3, 2).await.unwrap(), 1);
        assert_eq!(tx.prune_changes(ada, 3, 2).await.unwrap(), 0);
        assert_eq!(tx.prune_changes(ada, 1, 2).await.unwrap(), 0, "a floor never sinks");
        assert_eq!(tx.log(ada).await.unwrap().floor, 3);
        let left: Vec<_> = tx.changes(ada, 0, 10).await.unwrap().iter().map(|change| change.position).collect();
        assert_eq!(left, [4, 5, 6]);
        assert_eq!(tx.older_up_to(ada, minute(60)).await.unwrap(), 6, "all of it is old");
        tx.prune_changes(ada, 6, 10).await.unwrap();
        assert_eq!(tx.older_up_to(ada, minute(60)).await.unwrap(), 6);
        let record_id = test.db.random().id(minute(0));
        let change = NewChange { change_type: ChangeType::Added, record_id, kind: Kind::Sleep, day: None };
        assert_eq!(tx.append_changes(ada, "oura", id, &[change], minute(9)).await.unwrap(), 7, "positions go on");
        tx.commit().await.unwrap();
        assert_eq!(count(&test, "select count(*) from changes").await.unwrap(), 3);
        let stranger = test.db.random().id(minute(0));
        let mut tx = test.db.write().await.unwrap();
        assert!(matches!(tx.older_up_to(stranger, minute(9)).await, Err(Error::NotFound("user"))));
        assert_eq!(tx.prune_changes(stranger, 5, 10).await.unwrap(), 0);
    }
}

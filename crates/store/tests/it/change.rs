//! The log of each person: gapless, in the order of commits.

use jiff::civil::date;
use model::{ChangeType, ConnectionId, Kind, UserId};
use store::{Db, Error, NewChange};
use testkit::{Engine, TestDb};

use crate::{
    connected::connect,
    people::{add, minute},
};

async fn append(db: Db, user: UserId, id: ConnectionId, count: usize) -> store::Result<i64> {
    let change = NewChange {
        change_type: ChangeType::Added,
        record_id: db.random().id(minute(0)),
        kind: Kind::Sleep,
        day: Some(date(2026, 1, 26)),
    };
    let mut tx = db.write().await?;
    let head = tx.append_changes(user, "oura", id, &vec![change; count], minute(1)).await?;
    tx.commit().await?;
    Ok(head)
}

#[tokio::test]
async fn changes_come_back_in_their_order() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let ben = add(&test.db, "ben@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        assert_eq!(append(test.db.clone(), ada, id, 3).await.unwrap(), 3);
        assert_eq!(append(test.db.clone(), ada, id, 2).await.unwrap(), 5);
        let mut tx = test.db.read().await.unwrap();
        let positions = |changes: Vec<model::Change>| changes.iter().map(|change| change.position).collect::<Vec<_>>();
        let first = tx.changes(ada, 0, 1).await.unwrap().remove(0);
        assert_eq!(
            (first.change_type, first.kind, first.day),
            (ChangeType::Added, Kind::Sleep, Some(date(2026, 1, 26)))
        );
        assert_eq!((first.connection_id, first.at, first.provider.as_str()), (id, minute(1), "oura"));
        assert_eq!(positions(tx.changes(ada, 2, 2).await.unwrap()), [3, 4]);
        assert_eq!(positions(tx.changes(ada, 5, 9).await.unwrap()), [0_i64; 0]);
        assert_eq!((tx.head(ada).await.unwrap(), tx.head(ben).await.unwrap()), (5, 0));
        let nobody = test.db.random().id(minute(0));
        assert!(matches!(tx.head(nobody).await, Err(Error::NotFound("user"))));
    }
}

#[tokio::test]
async fn what_is_not_committed_takes_no_position() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let change = NewChange {
            change_type: ChangeType::Removed,
            record_id: test.db.random().id(minute(0)),
            kind: Kind::Sleep,
            day: None,
        };
        assert_eq!(tx.append_changes(ada, "oura", id, &[change], minute(1)).await.unwrap(), 1);
        drop(tx);
        assert_eq!(append(test.db.clone(), ada, id, 1).await.unwrap(), 1);
        let nobody = test.db.random().id(minute(0));
        assert!(matches!(test.db.write().await.unwrap().lock_log(nobody).await, Err(Error::NotFound("user"))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_side_by_side_leave_no_gap() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let other = test.again().await.unwrap();
        let writers: Vec<_> = (1..=12)
            .map(|count| {
                let db = if count % 2 == 0 { test.db.clone() } else { other.clone() };
                tokio::spawn(append(db, ada, id, count))
            })
            .collect();
        let mut heads = Vec::new();
        for writer in writers {
            heads.push(writer.await.unwrap().unwrap());
        }
        heads.sort_unstable();
        heads.dedup();
        assert_eq!((heads.len(), heads.last()), (12, Some(&78)));
        let changes = test.db.read().await.unwrap().changes(ada, 0, 100).await.unwrap();
        assert!(changes.iter().map(|change| change.position).eq(1..=78));
    }
}

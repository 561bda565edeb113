//! Where logs stand, and who hears that they have grown.

use jiff::civil::date;
use model::{ChangeType, Kind, UserId};
use store::{Db, Error, Grown, Log, NewChange};
use testkit::{Engine, TestDb, run};

use crate::people::{add, minute};

async fn grow(db: &Db, user: UserId, count: usize, minutes: i64) -> store::Result<i64> {
    let change = NewChange {
        change_type: ChangeType::Added,
        record_id: db.random().id(minute(0)),
        kind: Kind::Sleep,
        day: Some(date(2026, 1, 26)),
    };
    let mut tx = db.write().await?;
    let head =
        tx.append_changes(user, "oura", db.random().id(minute(0)), &vec![change; count], minute(minutes)).await?;
    tx.commit().await?;
    Ok(head)
}

#[tokio::test]
async fn a_log_says_where_it_ends_and_up_to_where_it_was_pruned() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        grow(&test.db, ada, 3, 1).await.unwrap();
        run(&test, "update logs set floor = 2").await.unwrap();
        let mut tx = test.db.read().await.unwrap();
        assert_eq!(tx.log(ada).await.unwrap(), Log { head: 3, floor: 2 });
        let nobody = test.db.random().id(minute(0));
        assert!(matches!(tx.log(nobody).await, Err(Error::NotFound("user"))));
    }
}

#[tokio::test]
async fn the_heads_of_many_are_read_together() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut people = Vec::new();
        for number in 0..20 {
            people.push(add(&test.db, &format!("{number}@example.org")).await.unwrap().id);
        }
        grow(&test.db, people[7], 2, 1).await.unwrap();
        people.push(test.db.random().id(minute(0)));
        let mut heads = test.db.read().await.unwrap().heads(&people).await.unwrap();
        heads.sort_unstable();
        let mut expected: Vec<_> = people[..20].iter().map(|user| (*user, 0)).collect();
        expected[7].1 = 2;
        expected.sort_unstable();
        assert_eq!(heads, expected, "nobody's is left out");
        assert_eq!(test.db.read().await.unwrap().heads(&[]).await.unwrap(), []);
        let found = test.db.read().await.unwrap().people(&people).await.unwrap();
        assert_eq!(found.len(), 20, "who is not there is left out");
    }
}

#[tokio::test]
async fn what_has_grown_lately_is_found() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let ben = add(&test.db, "ben@example.org").await.unwrap().id;
        grow(&test.db, ada, 3, 1).await.unwrap();
        grow(&test.db, ben, 1, 5).await.unwrap();
        let mut tx = test.db.read().await.unwrap();
        assert_eq!(tx.grown_since(minute(2)).await.unwrap(), [(ben, 1)]);
        assert_eq!(tx.grown_since(minute(1)).await.unwrap().len(), 2);
        assert_eq!(tx.grown_since(minute(6)).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_commit_is_heard_of_and_nothing_else_is() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut heard = test.db.clone().listen();
        let mut undone = test.db.write().await.unwrap();
        let change = NewChange {
            change_type: ChangeType::Added,
            record_id: test.db.random().id(minute(0)),
            kind: Kind::Sleep,
            day: None,
        };
        undone.append_changes(ada, "oura", test.db.random().id(minute(0)), &[change], minute(1)).await.unwrap();
        drop(undone);
        grow(&test.db, ada, 2, 1).await.unwrap();
        grow(&test.db, ada, 1, 1).await.unwrap();
        assert_eq!(heard.try_recv().unwrap(), Grown { user: ada, from: 0, head: 2 });
        assert_eq!(heard.try_recv().unwrap(), Grown { user: ada, from: 2, head: 3 });
        assert!(heard.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_look_that_is_given_up_leaves_nothing_behind() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        for turns in 0..100 {
            let patience = async {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                _ = test.db.read() => {}
                () = patience => {}
            }
            assert_eq!(grow(&test.db, ada, 1, 1).await.unwrap(), turns + 1);
        }
    }
}

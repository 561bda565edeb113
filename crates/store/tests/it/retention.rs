//! How long people's records are kept.

use jiff::civil::date;
use store::{Error, Retention};
use testkit::{Engine, TestDb};

use crate::people::{add, minute};

#[tokio::test]
async fn a_wish_and_what_follows_from_it_are_kept() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        assert_eq!(tx.retention(ada).await.unwrap(), Retention { days: None, keep_from: None });
        assert_eq!(tx.lock_records(ada).await.unwrap(), None);
        let day = date(2025, 12, 31);
        tx.set_retention(ada, Some(30)).await.unwrap();
        tx.set_keep_from(ada, Some(day)).await.unwrap();
        assert_eq!(tx.retention(ada).await.unwrap(), Retention { days: Some(30), keep_from: Some(day) });
        assert_eq!(tx.lock_records(ada).await.unwrap(), Some(day));
        tx.set_retention(ada, None).await.unwrap();
        tx.set_keep_from(ada, None).await.unwrap();
        assert_eq!(tx.retention(ada).await.unwrap(), Retention { days: None, keep_from: None });
        let stranger = test.db.random().id(minute(0));
        assert!(matches!(tx.retention(stranger).await, Err(Error::NotFound("user"))));
        assert!(matches!(tx.lock_records(stranger).await, Err(Error::NotFound("user"))));
    }
}

#[tokio::test]
async fn whose_records_grow_old_is_found() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut people = Vec::new();
        for name in ["ada", "bob", "cy"] {
            people.push(add(&test.db, &format!("{name}@example.org")).await.unwrap().id);
        }
        people.sort();
        let mut tx = test.db.write().await.unwrap();
        assert!(tx.aging_users(None, false, 10).await.unwrap().is_empty());
        assert_eq!(tx.aging_users(None, true, 10).await.unwrap(), people);
        assert_eq!(tx.aging_users(Some(people[0]), true, 1).await.unwrap(), people[1..2]);
        tx.set_retention(people[2], Some(5)).await.unwrap();
        tx.set_keep_from(people[0], Some(date(2026, 1, 1))).await.unwrap();
        let aging = tx.aging_users(None, false, 10).await.unwrap();
        assert_eq!(aging, [people[0], people[2]], "and those who no longer want it");
    }
}

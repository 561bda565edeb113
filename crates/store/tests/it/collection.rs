//! How collections fare, and which of their days are covered.

use jiff::civil::{Date, date};
use model::Window;
use testkit::{Engine, TestDb};

use crate::{
    connected::connect,
    people::{add, minute},
};

fn days(first: i8, last: i8) -> Window {
    let day = |day| -> Date { date(2026, 1, day) };
    Window { from: day(first), to: day(last) }
}

#[tokio::test]
async fn what_went_wrong_does_not_forget_what_went_well() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        tx.note_collection(ada, id, "sleep", minute(1), None, None).await.unwrap();
        tx.note_collection(ada, id, "sleep", minute(2), Some("status 500"), None).await.unwrap();
        tx.note_collection(ada, id, "daily_spo2", minute(2), Some("not granted"), Some("spo2")).await.unwrap();
        let states = tx.collection_states(ada, id).await.unwrap();
        let [spo2, sleep] = states.as_slice() else { panic!("{states:?}") };
        assert_eq!((spo2.collection.as_str(), spo2.missing_scope.as_deref()), ("daily_spo2", Some("spo2")));
        assert_eq!((sleep.last_success_at, sleep.last_error.as_deref()), (Some(minute(1)), Some("status 500")));
        tx.note_collection(ada, id, "sleep", minute(3), None, None).await.unwrap();
        let sleep = tx.collection_states(ada, id).await.unwrap().pop().unwrap();
        assert_eq!((sleep.last_success_at, sleep.last_error), (Some(minute(3)), None));
        tx.forget_collections(ada, id).await.unwrap();
        assert!(tx.collection_states(ada, id).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn windows_that_touch_become_one() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let steps: [(Window, &[Window]); 6] = [
            (days(10, 12), &[days(10, 12)]),
            (days(20, 22), &[days(10, 12), days(20, 22)]),
            (days(13, 13), &[days(10, 13), days(20, 22)]),
            (days(11, 12), &[days(10, 13), days(20, 22)]),
            (days(5, 11), &[days(5, 13), days(20, 22)]),
            (days(12, 25), &[days(5, 25)]),
        ];
        for (window, expected) in steps {
            tx.cover(ada, id, "sleep", window).await.unwrap();
            assert_eq!(tx.coverage(ada, id).await.unwrap()["sleep"], expected, "after {window:?}");
        }
        tx.cover(ada, id, "workout", days(1, 2)).await.unwrap();
        assert_eq!(tx.coverage(ada, id).await.unwrap().len(), 2);
        tx.forget_collections(ada, id).await.unwrap();
        assert!(tx.coverage(ada, id).await.unwrap().is_empty());
    }
}

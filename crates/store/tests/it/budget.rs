//! An application's budget: leased in slices, renewed with each window, paused for everybody.

use store::Db;
use testkit::{Engine, TestDb};

use crate::people::minute;

const WINDOW: i64 = 5 * 60 * 1000;

async fn lease(db: &Db, slice: i64, at: i64) -> Result<i64, jiff::Timestamp> {
    let mut tx = db.write().await.unwrap();
    let leased = tx.lease_budget("oura", 10, WINDOW, slice, minute(at)).await.unwrap();
    tx.commit().await.unwrap();
    leased.map(|(requests, until)| {
        assert!(until > minute(at) && until <= minute(at + 5), "a slice ends with its window");
        requests
    })
}

#[tokio::test]
async fn slices_add_up_to_the_budget_and_no_further() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let other = test.again().await.unwrap();
        assert_eq!(lease(&test.db, 4, 0).await, Ok(4));
        assert_eq!(lease(&other, 4, 1).await, Ok(4));
        assert_eq!(lease(&test.db, 4, 2).await, Ok(2), "what is left");
        assert_eq!(lease(&other, 4, 4).await, Err(minute(5)), "when the next window begins");
        assert_eq!(lease(&other, 4, 5).await, Ok(4));
    }
}

#[tokio::test]
async fn a_pause_holds_for_everybody_and_is_never_shortened() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let other = test.again().await.unwrap();
        for until in [8, 6] {
            let mut tx = test.db.write().await.unwrap();
            tx.pause_budget("oura", minute(until), minute(1)).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(lease(&other, 4, 7).await, Err(minute(8)));
        assert_eq!(lease(&other, 4, 8).await, Ok(4));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn leases_side_by_side_never_exceed_it() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let other = test.again().await.unwrap();
        let leases: Vec<_> = (0..20)
            .map(|number| {
                let db = if number % 2 == 0 { test.db.clone() } else { other.clone() };
                tokio::spawn(async move { lease(&db, 3, 1).await })
            })
            .collect();
        let mut leased = 0;
        for one in leases {
            leased += one.await.unwrap().unwrap_or(0);
        }
        assert_eq!(leased, 10);
    }
}

#[tokio::test]
async fn what_is_left_is_told_and_not_taken() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let left = async |at| test.db.read().await.unwrap().budget_left("oura", 10, WINDOW, minute(at)).await.unwrap();
        assert_eq!(left(0).await, (10, None), "nobody has asked yet");
        assert_eq!(lease(&test.db, 4, 0).await, Ok(4));
        assert_eq!((left(1).await, left(4).await, left(5).await), ((6, None), (6, None), (10, None)));
        let mut tx = test.db.write().await.unwrap();
        tx.pause_budget("oura", minute(9), minute(6)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((left(8).await, left(9).await), ((10, Some(minute(9))), (10, None)));
    }
}

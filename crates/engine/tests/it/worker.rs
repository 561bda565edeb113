//! The worker: does what is due, stops when told, and gives up what others have taken over.

use engine::{Asked, SyncRequest};
use model::{Actor, UserId};
use sandbox::{Fault, FaultKind};
use store::NewJob;
use testkit::{Engine, House, count, run};
use tokio_util::sync::CancellationToken;

use crate::people::{HOUR, MINUTE, OURA, connected_to, records, status, sync_with};

const FEW: &[&str] = &["sleep_score"];
/// What hangs is given up.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
const DAILY_SLEEP: &str = "/v2/usercollection/daily_sleep";

async fn is_idle(house: &House) -> bool {
    let due = house.now().as_millisecond();
    let waiting =
        format!("select count(*) from jobs where finished_at is null and (run_at <= {due} or lease_owner is not null)");
    count(&house.test, waiting).await.unwrap() == 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_enqueued_is_done_at_once_until_told_to_stop() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let stop = CancellationToken::new();
        let (engine, token) = (house.engine.clone(), stop.clone());
        let worker = tokio::spawn(async move { engine.work(token).await });
        house.connect_to(user, FEW).await.unwrap();
        while !is_idle(&house).await {
            tokio::task::yield_now().await;
        }
        assert!(status(&house, user).await.unwrap().counts["daily_sleep"] >= 30);
        house.clock.turn(5 * HOUR);
        while !is_idle(&house).await {
            tokio::task::yield_now().await;
        }
        assert_eq!(status(&house, user).await.unwrap().last_sync_at, Some(house.now()), "turning the clock wakes it");
        stop.cancel();
        worker.await.unwrap();
        house.clock.turn(5 * HOUR);
        assert!(!is_idle(&house).await);
    }
}

async fn ask(house: &House, user: UserId) {
    let request = SyncRequest { days: 5, collection: "daily_sleep".to_owned(), wait: false };
    let asked = house.engine.ask_sync(&Actor::User(user), user, OURA, &request).await.unwrap();
    assert!(matches!(asked, Asked::Queued(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_job_stays_with_who_reports_on_it() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let next_door = house.next_door().await.unwrap();
        house.faults().inject(Fault::of(FaultKind::Slow).on(DAILY_SLEEP).seconds(600));
        ask(&house, user).await;
        let engine = house.engine.clone();
        let running = tokio::spawn(async move { engine.run_due().await });
        while !house.faults().waiting().is_empty() {
            tokio::task::yield_now().await;
        }
        let lease = "select max(run_at) from jobs where lease_owner is not null and finished_at is null";
        for _ in 0..15 {
            let before = count(&house.test, lease).await.unwrap();
            house.clock.turn(MINUTE / 3);
            while count(&house.test, lease).await.unwrap() == before {
                tokio::task::yield_now().await;
            }
            assert_eq!(next_door.run_due().await.unwrap(), 0);
        }
        house.clock.turn(10 * MINUTE);
        assert_eq!(running.await.unwrap().unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_taken_over_is_let_go() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        house.faults().inject(Fault::of(FaultKind::Slow).on(DAILY_SLEEP).seconds(3600));
        ask(&house, user).await;
        let engine = house.engine.clone();
        let running = tokio::spawn(async move { engine.run_due().await });
        while !house.faults().waiting().is_empty() {
            tokio::task::yield_now().await;
        }
        let later = (house.now() + jiff::SignedDuration::from_hours(2)).as_millisecond();
        let taken = format!("update jobs set lease_owner = 'another', run_at = {later} where lease_owner is not null");
        run(&house.test, &taken).await.unwrap();
        house.clock.turn(MINUTE);
        assert_eq!(running.await.unwrap().unwrap(), 1, "it does not wait for the answer");
        let unfinished = "select count(*) from jobs where lease_owner = 'another' and finished_at is null";
        assert_eq!(count(&house.test, unfinished).await.unwrap(), 1, "it is not ours to end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_handed_back_is_let_go() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        house.faults().inject(Fault::of(FaultKind::Slow).on(DAILY_SLEEP).seconds(3600));
        ask(&house, user).await;
        let (engine, stop) = (house.next_door().await.unwrap(), CancellationToken::new());
        let worker = tokio::spawn({
            let (engine, stop) = (engine.clone(), stop.clone());
            async move { engine.work(stop).await }
        });
        while !house.faults().waiting().is_empty() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        engine.hand_back().await.unwrap();
        let ended = async {
            worker.await.unwrap();
            engine.drain().await;
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("it does not wait for the answer");
        let due = format!("finished_at is null and lease_owner is null and run_at <= {}", house.now().as_millisecond());
        let due = format!("select count(*) from jobs where type = 'sync' and {due}");
        assert_eq!(count(&house.test, due).await.unwrap(), 1, "it is the next process's to do");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_after_a_disconnect_is_not_stored() {
    for database in Engine::all() {
        for preserve in [false, true] {
            let house = House::new(database).await.unwrap();
            let (user, _) = connected_to(&house, FEW).await.unwrap();
            let before = records(&house, user).await.unwrap().len();
            house.clock.turn(18 * HOUR);
            house.faults().inject(Fault::of(FaultKind::Slow).on(DAILY_SLEEP).seconds(12));
            let engine = house.engine.clone();
            let syncing = tokio::spawn(async move { sync_with(&engine, user, 5, "all").await });
            while !house.faults().waiting().is_empty() {
                tokio::task::yield_now().await;
            }
            // The provider does not take the revocation, so that the answer under way is a good one.
            house.faults().inject(Fault::of(FaultKind::Error).on("/oauth/revoke").times(3));
            let actor = Actor::User(user);
            house.while_time_passes(house.engine.disconnect(&actor, user, OURA, preserve)).await.unwrap();
            house.clock.turn(MINUTE / 5);
            assert!(syncing.await.unwrap().is_err());
            let after = records(&house, user).await.unwrap();
            assert_eq!(after.len(), if preserve { before } else { 0 });
            assert!(after.iter().all(|record| record.revision == 1));
            if !preserve {
                for table in ["records", "pages", "coverage", "collections"] {
                    let rows = count(&house.test, format!("select count(*) from {table}")).await.unwrap();
                    assert_eq!(rows, 0, "{table}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_connection_whose_jobs_were_lost_is_found_by_the_sweep() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let before = status(&house, user).await.unwrap().last_sync_at;
        run(&house.test, "delete from jobs where finished_at is null").await.unwrap();
        house.clock.turn(5 * HOUR);
        house.engine.run_due().await.unwrap();
        assert_eq!(status(&house, user).await.unwrap().last_sync_at, before, "nothing leads to the next sync");
        let sweep = NewJob {
            job_type: "sweep",
            user_id: None,
            connection_id: None,
            dedupe_key: None,
            payload: String::new(),
            run_at: house.now(),
        };
        let mut tx = house.test.db.write().await.unwrap();
        tx.enqueue(house.now(), sweep).await.unwrap();
        tx.commit().await.unwrap();
        house.engine.run_due().await.unwrap();
        assert_eq!(status(&house, user).await.unwrap().last_sync_at, Some(house.now()));
    }
}

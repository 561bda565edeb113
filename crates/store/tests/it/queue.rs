//! How much waits: counted by type, and only what is due or being done.

use model::DeliveryState;
use store::{Backlog, NewJob, Queue};
use testkit::{Engine, TestDb, run};

use crate::{
    delivery::{keep, lay_out},
    people::minute,
};

fn job(job_type: &'static str, at: i64) -> NewJob {
    NewJob {
        job_type,
        user_id: None,
        connection_id: None,
        dedupe_key: None,
        payload: String::new(),
        run_at: minute(at),
    }
}

#[tokio::test]
async fn what_is_due_and_what_is_being_done_is_counted_by_type() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        assert_eq!(tx.queues(minute(9)).await.unwrap(), []);
        for (job_type, at) in [("refresh", 0), ("sync", 1), ("sync", 3), ("sync", 4), ("sync", 20)] {
            tx.enqueue(minute(0), job(job_type, at)).await.unwrap();
        }
        assert_eq!(tx.claim_jobs("a", minute(5), minute(6), 2).await.unwrap().len(), 2);
        let queue = |job_type: &str, due, oldest: Option<i64>, running| Queue {
            job_type: job_type.to_owned(),
            due,
            oldest: oldest.map(minute),
            running,
        };
        let at = tx.queues(minute(5)).await.unwrap();
        assert_eq!(at, [queue("refresh", 0, None, 1), queue("sync", 2, Some(3), 1)]);
        let orphaned = tx.queues(minute(6)).await.unwrap();
        assert_eq!(orphaned, [queue("refresh", 1, Some(6), 0), queue("sync", 3, Some(3), 0)], "their leases are over");
    }
}

#[tokio::test]
async fn of_deliveries_only_those_that_came_to_nothing_yet_are_counted() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        lay_out(&test.db, &["a", "b", "c", "d"], minute(0)).await;
        keep(&test.db, &["e", "f", "g"], minute(0)).await;
        let first = "(select min(id) from deliveries where state = 'received')";
        for state in ["applied", "dead"] {
            run(&test, format!("update deliveries set state = '{state}' where id = {first}")).await.unwrap();
        }
        let mut backlogs = test.db.read().await.unwrap().backlogs().await.unwrap();
        backlogs.sort_by_key(|backlog| backlog.deliveries);
        let backlog = |state, deliveries| Backlog { provider: "oura".to_owned(), state, deliveries };
        assert_eq!(backlogs, [backlog(DeliveryState::Dead, 1), backlog(DeliveryState::Received, 5)]);
    }
}

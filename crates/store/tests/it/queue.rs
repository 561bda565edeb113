//! How much waits: counted by type, and only what is due or being done.

use store::{NewJob, Queue};
use testkit::{Engine, TestDb};

use crate::people::minute;

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

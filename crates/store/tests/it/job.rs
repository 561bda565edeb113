//! Jobs: claimed by one, held while they are reported on, never enqueued twice.

use jiff::Timestamp;
use model::{JobId, UserId};
use store::{Error, NewJob};
use testkit::{Engine, TestDb};

use crate::{
    connected::connect,
    people::{add, minute},
};

fn new_job(user: UserId, key: Option<&str>, run_at: Timestamp) -> NewJob {
    NewJob {
        job_type: "sync",
        user_id: Some(user),
        connection_id: None,
        dedupe_key: key.map(str::to_owned),
        payload: "payload".into(),
        run_at,
    }
}

#[tokio::test]
async fn a_job_is_claimed_when_it_is_due_and_by_one() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        let id = tx.enqueue(minute(0), new_job(ada, None, minute(5))).await.unwrap();
        assert_eq!(tx.next_due().await.unwrap(), Some(minute(5)));
        assert_eq!(tx.oldest_due(minute(4)).await.unwrap(), None);
        assert!(tx.claim_jobs("a", minute(4), minute(6), 10).await.unwrap().is_empty());
        assert_eq!(tx.oldest_due(minute(7)).await.unwrap(), Some(minute(5)));
        let claimed = tx.claim_jobs("a", minute(5), minute(8), 10).await.unwrap();
        let [job] = claimed.as_slice() else { panic!("{claimed:?}") };
        assert_eq!((job.id, job.tries, job.payload.as_str(), job.user_id), (id, 1, "payload", Some(ada)));
        assert!(tx.claim_jobs("b", minute(7), minute(9), 10).await.unwrap().is_empty());
        assert_eq!((tx.oldest_due(minute(7)).await.unwrap(), tx.next_due().await.unwrap()), (None, Some(minute(8))));
        assert!(!tx.hold_job(id, "b", minute(20), None).await.unwrap(), "it is not b's");
        assert!(tx.hold_job(id, "a", minute(20), Some("half")).await.unwrap());
        assert!(tx.claim_jobs("b", minute(19), minute(30), 10).await.unwrap().is_empty());
        let taken = tx.claim_jobs("b", minute(21), minute(30), 10).await.unwrap();
        assert_eq!((taken[0].progress.as_deref(), taken[0].tries), (Some("half"), 2), "a has died");
        assert!(!tx.hold_job(id, "a", minute(40), Some("more")).await.unwrap(), "it is not a's any more");
        tx.finish_job(id, "a", minute(22), "of a").await.unwrap();
        assert_eq!(tx.job(ada, id).await.unwrap().finished_at, None);
        tx.finish_job(id, "b", minute(23), "of b").await.unwrap();
        let ended = tx.job(ada, id).await.unwrap();
        assert_eq!((ended.finished_at, ended.outcome.as_deref()), (Some(minute(23)), Some("of b")));
        assert!(!tx.claim_job(id, "c", minute(60), minute(70)).await.unwrap());
        assert_eq!(tx.next_due().await.unwrap(), None);
        let ben = test.db.random().id(minute(0));
        assert!(matches!(tx.job(ben, id).await, Err(Error::NotFound("job"))));
    }
}

#[tokio::test]
async fn no_more_are_claimed_than_asked_for() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        for at in 0..6 {
            tx.enqueue(minute(0), new_job(ada, None, minute(at))).await.unwrap();
        }
        for left in [6_usize, 4, 2, 0] {
            let claimed = tx.claim_jobs("a", minute(9), minute(10), 2).await.unwrap();
            assert_eq!(claimed.len(), left.min(2), "of {left}");
        }
    }
}

#[tokio::test]
async fn an_unfinished_job_of_a_key_is_only_brought_forward() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        let id = tx.enqueue(minute(0), new_job(ada, Some("key"), minute(30))).await.unwrap();
        let enqueue = async |tx: &mut store::Tx<store::Write>, at| -> JobId {
            tx.enqueue(minute(0), new_job(ada, Some("key"), minute(at))).await.unwrap()
        };
        assert_eq!(enqueue(&mut tx, 40).await, id);
        assert_eq!(tx.job(ada, id).await.unwrap().run_at, minute(30));
        assert_eq!(enqueue(&mut tx, 10).await, id);
        assert_eq!(tx.job(ada, id).await.unwrap().run_at, minute(10));
        tx.claim_jobs("a", minute(10), minute(12), 1).await.unwrap();
        tx.retry_job(id, "a", minute(50), "later").await.unwrap();
        assert_eq!(enqueue(&mut tx, 20).await, id);
        let job = tx.job(ada, id).await.unwrap();
        assert_eq!((job.run_at, job.outcome.as_deref()), (minute(50), Some("later")), "it was told to wait");
        tx.claim_jobs("a", minute(50), minute(52), 1).await.unwrap();
        tx.finish_job(id, "a", minute(51), "done").await.unwrap();
        assert_ne!(enqueue(&mut tx, 60).await, id, "the key is free again");
    }
}

#[tokio::test]
async fn what_is_asked_for_while_it_is_done_is_done_once_more() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        let id = tx.enqueue(minute(0), new_job(ada, Some("key"), minute(1))).await.unwrap();
        tx.claim_jobs("a", minute(1), minute(3), 1).await.unwrap();
        for at in [6, 2, 4] {
            assert_eq!(tx.enqueue(minute(2), new_job(ada, Some("key"), minute(at))).await.unwrap(), id);
        }
        assert_eq!(tx.next_due().await.unwrap(), Some(minute(3)), "the lease stands");
        tx.finish_job(id, "a", minute(2), "once").await.unwrap();
        let job = tx.job(ada, id).await.unwrap();
        assert_eq!((job.finished_at, job.run_at, job.tries), (None, minute(2), 0));
        let again = tx.claim_jobs("b", minute(2), minute(4), 1).await.unwrap();
        assert_eq!((again[0].id, again[0].tries), (id, 1));
        tx.finish_job(id, "b", minute(3), "twice").await.unwrap();
        let job = tx.job(ada, id).await.unwrap();
        assert_eq!((job.finished_at, job.outcome.as_deref()), (Some(minute(3)), Some("twice")));
    }
}

#[tokio::test]
async fn what_a_process_gives_back_is_due_at_once() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        tx.enqueue(minute(0), new_job(ada, None, minute(1))).await.unwrap();
        tx.claim_jobs("a", minute(1), minute(30), 1).await.unwrap();
        assert_eq!(tx.release_jobs("b", minute(2)).await.unwrap(), 0);
        assert_eq!(tx.release_jobs("a", minute(2)).await.unwrap(), 1);
        assert_eq!(tx.claim_jobs("b", minute(2), minute(4), 1).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_claimers_side_by_side_each_job_has_one() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        for _ in 0..40 {
            tx.enqueue(minute(0), new_job(ada, None, minute(1))).await.unwrap();
        }
        tx.commit().await.unwrap();
        let other = test.again().await.unwrap();
        let claimers: Vec<_> = (0..8)
            .map(|number: usize| {
                let db = if number.is_multiple_of(2) { test.db.clone() } else { other.clone() };
                tokio::spawn(async move {
                    let mut claimed = Vec::new();
                    loop {
                        let mut tx = db.write().await?;
                        let jobs = tx.claim_jobs(&number.to_string(), minute(2), minute(9), 3).await?;
                        tx.commit().await?;
                        if jobs.is_empty() {
                            return Ok::<_, Error>(claimed);
                        }
                        claimed.extend(jobs.into_iter().map(|job| job.id));
                    }
                })
            })
            .collect();
        let mut claimed = Vec::new();
        for claimer in claimers {
            claimed.extend(claimer.await.unwrap().unwrap());
        }
        let count = claimed.len();
        claimed.sort_unstable();
        claimed.dedup();
        assert_eq!((count, claimed.len()), (40, 40));
    }
}

#[tokio::test]
async fn a_connection_s_unfinished_jobs_are_dropped_with_it() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let connection = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let of_connection = |at| NewJob { connection_id: Some(connection), ..new_job(ada, None, minute(at)) };
        let done = tx.enqueue(minute(0), of_connection(1)).await.unwrap();
        tx.claim_jobs("a", minute(1), minute(2), 1).await.unwrap();
        tx.finish_job(done, "a", minute(1), "").await.unwrap();
        let dropped = tx.enqueue(minute(2), of_connection(5)).await.unwrap();
        let other = tx.enqueue(minute(2), new_job(ada, None, minute(5))).await.unwrap();
        tx.drop_jobs(ada, connection).await.unwrap();
        assert!(matches!(tx.job(ada, dropped).await, Err(Error::NotFound("job"))));
        assert!(tx.job(ada, other).await.is_ok());
        let recent = tx.recent_jobs(ada, connection, 10).await.unwrap();
        assert_eq!(recent.iter().map(|job| job.id).collect::<Vec<_>>(), [done]);
        let lasting = ("sync", minute(1));
        assert_eq!(tx.sweep_jobs(minute(1), ("other", minute(1)), 10).await.unwrap(), 0);
        assert_eq!(tx.sweep_jobs(minute(2), lasting, 10).await.unwrap(), 0, "what lasts is kept for longer");
        assert_eq!(tx.sweep_jobs(minute(2), ("other", minute(1)), 10).await.unwrap(), 1);
        assert!(tx.recent_jobs(ada, connection, 10).await.unwrap().is_empty());
    }
}

//! When the house was last kept, and whether what is written lasts.

use store::Housekeeping;
use testkit::{Engine, TestDb, count};

use crate::people::minute;

#[tokio::test]
async fn it_is_known_when_the_house_was_last_kept() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        assert_eq!(tx.housekeeping().await.unwrap(), None);
        for doubted_at in [None, Some(minute(7)), None] {
            let noted = Housekeeping { kept_at: minute(5), doubted_at };
            tx.note_housekeeping(&noted).await.unwrap();
            assert_eq!(tx.housekeeping().await.unwrap(), Some(noted));
        }
        tx.commit().await.unwrap();
        assert_eq!(count(&test, "select count(*) from housekeeping").await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_probe_leaves_nothing_behind() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        for _ in 0..2 {
            test.db.probe().await.unwrap();
        }
        assert!(!test.db.is_full());
        assert_eq!(count(&test, "select count(*) from probes").await.unwrap(), 0);
    }
}

//! Raw pages: kept once, read in the order of their fetches, readable in their own place only.

use store::Error;
use testkit::{Engine, TestDb, count};

use crate::{
    connected::connect,
    people::{add, minute},
};

#[tokio::test]
async fn pages_are_read_in_the_order_in_which_they_were_fetched() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        for (generation, body) in [(1, "one"), (2, "two"), (3, "three"), (4, "one"), (2, "three")] {
            let now = minute(generation);
            tx.keep_page(ada, id, "sleep", generation, now, body.as_bytes()).await.unwrap();
        }
        let pages = tx.pages(ada, id, -1, 10).await.unwrap();
        let told: Vec<_> = pages.iter().map(|page| (page.generation, page.body.as_slice())).collect();
        assert_eq!(told, [(2, b"two".as_slice()), (3, b"three"), (4, b"one")], "the same answer is kept once");
        assert_eq!(pages[2].fetched_at, minute(4));
        let rest = tx.pages(ada, id, 2, 1).await.unwrap();
        assert_eq!(rest[0].generation, 3);
        tx.keep_page(ada, id, "workout", 5, minute(5), b"one").await.unwrap();
        assert_eq!(tx.pages(ada, id, -1, 10).await.unwrap().len(), 4, "another collection's is another page");
        tx.delete_pages(ada, id).await.unwrap();
        assert!(tx.pages(ada, id, -1, 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_page_is_sealed_in_its_place() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        tx.keep_page(ada, id, "sleep", 1, minute(1), b"one").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&test, "select count(*) from pages").await.unwrap(), 1);
        testkit::run(&test, "update pages set collection = 'workout'").await.unwrap();
        let moved = test.db.read().await.unwrap().pages(ada, id, -1, 10).await;
        assert!(matches!(moved, Err(Error::Sealed(_))), "{moved:?}");
    }
}

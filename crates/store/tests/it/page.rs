//! Raw pages: kept once, read in the order of their fetches, readable in their own place only.

use jiff::civil::date;
use model::{
    ConnectionId, Kind, Record, RecordId, UserId,
    record::{Body, SleepScore},
};
use store::{Error, Put};
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
        let told: Vec<_> = pages.iter().map(|page| (page.generation, page.body.as_deref().unwrap())).collect();
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

/// A connection with records `a` and `b`.
async fn with_records(engine: Engine) -> (TestDb, UserId, ConnectionId, Vec<RecordId>) {
    let test = TestDb::new(engine).await.unwrap();
    let ada = add(&test.db, "ada@example.org").await.unwrap().id;
    let id = connect(&test.db, ada).await.unwrap();
    let record = |name: &str| Record {
        provider_id: name.to_owned(),
        day: Some(date(2026, 1, 26)),
        starts_at: None,
        ends_at: None,
        zone_offset_seconds: None,
        body: Body::SleepScore(SleepScore::default()),
    };
    let records = ["a", "b"].map(record);
    let puts: Vec<_> = records.iter().map(|record| Put { kept: None, record }).collect();
    let mut tx = test.db.write().await.unwrap();
    let ids = tx.put_records(ada, id, "sleep", &puts, 1, minute(1)).await.unwrap();
    tx.commit().await.unwrap();
    (test, ada, id, ids)
}

fn keys(names: &[&str]) -> Vec<(Kind, String)> {
    names.iter().map(|name| (Kind::SleepScore, (*name).to_owned())).collect()
}

#[tokio::test]
async fn a_page_is_unused_when_none_of_its_records_is_living() {
    for engine in Engine::all() {
        let (test, ada, id, records) = with_records(engine).await;
        let mut tx = test.db.write().await.unwrap();
        let mut pages = Vec::new();
        for (body, names, skipped) in
            [("both", &["a", "b"][..], 0), ("b", &["b"], 0), ("odd", &["b"], 1), ("nothing", &[], 0)]
        {
            let page = tx.keep_page(ada, id, "sleep", 1, minute(1), body.as_bytes()).await.unwrap();
            tx.link_page(ada, id, page, &keys(names), skipped).await.unwrap();
            pages.push(page);
        }
        tx.keep_page(ada, id, "sleep", 1, minute(1), b"of old").await.unwrap();
        let again = tx.keep_page(ada, id, "sleep", 2, minute(2), b"both").await.unwrap();
        assert_eq!(again, pages[0], "the same answer is the same page");
        tx.link_page(ada, id, again, &keys(&["a", "b", "stranger"]), 0).await.unwrap();
        assert_eq!(tx.unused_pages(None, 10).await.unwrap(), [(ada, pages[3])]);
        tx.bury_records(ada, &records[1..], 2, minute(2)).await.unwrap();
        let mut unused = vec![(ada, pages[1]), (ada, pages[3])];
        unused.sort_by_key(|(_, page)| *page);
        assert_eq!(tx.unused_pages(None, 10).await.unwrap(), unused);
        assert_eq!(tx.unused_pages(Some(unused[0].1), 10).await.unwrap(), unused[1..]);
        assert_eq!(tx.sweep_pages(ada, &pages).await.unwrap(), 3, "whatever the caller thinks, what is used stays");
        assert_eq!(tx.pages(ada, id, -1, 10).await.unwrap().len(), 2);
        tx.commit().await.unwrap();
        assert_eq!(count(&test, "select count(*) from page_records").await.unwrap(), 2, "links go with their page");
    }
}

#[tokio::test]
async fn what_could_not_be_mapped_is_purged_with_its_age() {
    for engine in Engine::all() {
        let (test, ada, id, records) = with_records(engine).await;
        let mut tx = test.db.write().await.unwrap();
        for (body, names, at) in [("old", &[][..], 1), ("new", &[], 5), ("living", &["a"], 1)] {
            let page = tx.keep_page(ada, id, "sleep", 1, minute(at), body.as_bytes()).await.unwrap();
            tx.link_page(ada, id, page, &keys(names), 3).await.unwrap();
        }
        tx.keep_page(ada, id, "sleep", 1, minute(1), b"of old").await.unwrap();
        let stranger = test.db.random().id(minute(0));
        assert_eq!(tx.purge_pages(stranger, minute(5)).await.unwrap(), 0);
        assert_eq!(tx.purge_pages(ada, minute(5)).await.unwrap(), 1);
        tx.bury_records(ada, &records, 2, minute(2)).await.unwrap();
        assert_eq!(tx.purge_pages(ada, minute(5)).await.unwrap(), 1);
        assert_eq!(tx.pages(ada, id, -1, 10).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_page_that_was_emptied_still_says_of_which_records_it_told() {
    for engine in Engine::all() {
        let (test, ada, id, records) = with_records(engine).await;
        let mut tx = test.db.write().await.unwrap();
        let mut pages = Vec::new();
        for (body, names) in [("both", &["a", "b"][..]), ("b", &["b"])] {
            let page = tx.keep_page(ada, id, "sleep", 1, minute(1), body.as_bytes()).await.unwrap();
            tx.link_page(ada, id, page, &keys(names), 0).await.unwrap();
            pages.push(page);
        }
        let stranger = test.db.random().id(minute(0));
        tx.empty_pages_of(stranger, &records).await.unwrap();
        tx.empty_page(stranger, pages[1]).await.unwrap();
        assert!(tx.pages(ada, id, -1, 10).await.unwrap().iter().all(|page| page.body.is_some()));
        assert_eq!(tx.linked_to(ada, pages[1]).await.unwrap(), keys(&["b"]));
        tx.empty_pages_of(ada, &records[..1]).await.unwrap();
        let bodies = tx.pages(ada, id, -1, 10).await.unwrap();
        let bodies: Vec<_> = bodies.into_iter().map(|page| (page.id, page.body)).collect();
        assert!(bodies.contains(&(pages[0], None)) && bodies.contains(&(pages[1], Some(b"b".to_vec()))), "{bodies:?}");
        assert_eq!(tx.linked_to(ada, pages[0]).await.unwrap(), keys(&["b"]), "what was purged is not linked any more");
        let again = tx.keep_page(ada, id, "sleep", 2, minute(2), b"both").await.unwrap();
        assert_eq!(again, pages[0]);
        let last = tx.pages(ada, id, 1, 10).await.unwrap().remove(0);
        assert_eq!((last.id, last.body), (pages[0], Some(b"both".to_vec())), "the same answer fills it again");
        tx.empty_page(ada, pages[1]).await.unwrap();
        assert_eq!(tx.pages(ada, id, -1, 1).await.unwrap()[0].body, None);
        assert_eq!(tx.linked_to(stranger, pages[1]).await.unwrap(), []);
    }
}

//! Records: their content, their pages, their tombstones.

use jiff::civil::{Date, date};
use model::{
    ConnectionId, Kind, Record, UserId, Window,
    record::{Body, Readiness, SleepScore},
};
use store::{Error, Kept, Mode, Put, RecordQuery, Tx};
use testkit::{Engine, TestDb};

use crate::{
    connected::connect,
    people::{add, minute},
};

struct Shelf {
    test: TestDb,
    user: UserId,
    id: ConnectionId,
}

impl Shelf {
    async fn new(engine: Engine) -> Self {
        let test = TestDb::new(engine).await.unwrap();
        let user = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, user).await.unwrap();
        Self { test, user, id }
    }

    async fn put(&self, record: &Record, generation: i64) -> model::RecordId {
        let (user, id) = (self.user, self.id);
        let mut tx = self.test.db.write().await.unwrap();
        let kept = find(&mut tx, user, id, &record.provider_id, record.kind()).await;
        let puts = [Put { kept: kept.as_ref(), record }];
        let put = tx.put_records(user, id, "daily_sleep", &puts, generation, minute(generation)).await.unwrap();
        tx.commit().await.unwrap();
        put[0]
    }

    async fn days(&self, wanted: RecordQuery) -> Vec<Option<Date>> {
        let wanted = RecordQuery { limit: 100, ..wanted };
        let records = self.test.db.read().await.unwrap().records(self.user, &wanted).await.unwrap();
        records.iter().map(|record| record.record.day).collect()
    }
}

async fn find<M: Mode>(tx: &mut Tx<M>, user: UserId, id: ConnectionId, name: &str, kind: Kind) -> Option<Kept> {
    tx.find_kept(user, id, &[(kind, name.to_owned())]).await.unwrap().into_values().next()
}

fn on(day: i8) -> Option<Date> {
    Some(date(2026, 1, day))
}

fn score(id: &str, day: Option<Date>, score: f64) -> Record {
    Record {
        provider_id: id.into(),
        day,
        starts_at: Some(minute(1)),
        ends_at: Some(minute(2)),
        zone_offset_seconds: Some(-3600),
        body: Body::SleepScore(SleepScore { score: Some(score), ..SleepScore::default() }),
    }
}

fn readiness(id: &str, day: Option<Date>) -> Record {
    Record { body: Body::Readiness(Readiness::default()), ..score(id, day, 0.0) }
}

#[tokio::test]
async fn a_record_comes_back_as_it_was_put() {
    for engine in Engine::all() {
        let shelf = Shelf::new(engine).await;
        let first = score("a", on(25), 80.0);
        let id = shelf.put(&first, 1).await;
        let mut tx = shelf.test.db.read().await.unwrap();
        let stored = tx.record(shelf.user, id).await.unwrap();
        assert_eq!((stored.record, stored.revision, stored.updated_at), (first, 1, minute(1)));
        assert_eq!((stored.kind, stored.provider.as_str(), stored.connection_id), (Kind::SleepScore, "oura", shelf.id));
        drop(tx);
        let revised = score("a", on(26), 81.5);
        assert_eq!(shelf.put(&revised, 2).await, id);
        let mut tx = shelf.test.db.read().await.unwrap();
        let stored = tx.record(shelf.user, id).await.unwrap();
        assert_eq!((stored.record, stored.revision), (revised, 2));
        let stranger = shelf.test.db.random().id(minute(0));
        assert!(matches!(tx.record(stranger, id).await, Err(Error::NotFound("record"))));
        assert_eq!(tx.count_records(shelf.user, shelf.id).await.unwrap()["daily_sleep"], 1);
    }
}

#[tokio::test]
async fn of_what_is_removed_only_a_tombstone_stays() {
    for engine in Engine::all() {
        let shelf = Shelf::new(engine).await;
        let id = shelf.put(&score("a", on(25), 80.0), 1).await;
        let mut tx = shelf.test.db.write().await.unwrap();
        tx.bury_records(shelf.user, &[id], 2, minute(2)).await.unwrap();
        let unknown = [(Kind::SleepScore, "b".to_owned())];
        tx.put_tombstones(shelf.user, shelf.id, "daily_sleep", &unknown, 3, minute(3)).await.unwrap();
        for (name, generation) in [("a", 2), ("b", 3)] {
            let kept = find(&mut tx, shelf.user, shelf.id, name, Kind::SleepScore).await.unwrap();
            assert_eq!((kept.removed, kept.record, kept.generation), (true, None, generation));
        }
        assert!(tx.natural_keys(shelf.user, shelf.id).await.unwrap().is_empty());
        assert!(tx.count_records(shelf.user, shelf.id).await.unwrap().is_empty());
        assert!(matches!(tx.record(shelf.user, id).await, Err(Error::NotFound("record"))));
        tx.commit().await.unwrap();
        assert!(shelf.days(RecordQuery::default()).await.is_empty());
        assert_eq!(shelf.put(&score("a", on(25), 80.0), 4).await, id, "it comes back as itself");
        assert_eq!(shelf.days(RecordQuery::default()).await, [on(25)]);
    }
}

#[tokio::test]
async fn records_are_found_by_kind_day_and_provider() {
    for engine in Engine::all() {
        let shelf = Shelf::new(engine).await;
        for record in [score("c", on(27), 1.0), score("a", on(25), 1.0), readiness("r", on(26)), readiness("t", None)] {
            shelf.put(&record, 1).await;
        }
        let all = RecordQuery::default();
        assert_eq!(shelf.days(all.clone()).await, [None, on(25), on(26), on(27)], "in the order of their days");
        assert_eq!(shelf.days(RecordQuery { kinds: vec![Kind::SleepScore], ..all.clone() }).await, [on(25), on(27)]);
        assert_eq!(shelf.days(RecordQuery { from: on(26), ..all.clone() }).await, [on(26), on(27)]);
        assert_eq!(shelf.days(RecordQuery { to: on(25), ..all.clone() }).await, [None, on(25)]);
        assert_eq!(shelf.days(RecordQuery { provider: Some("oura".into()), ..all.clone() }).await.len(), 4);
        assert!(shelf.days(RecordQuery { provider: Some("whoop".into()), ..all }).await.is_empty());
    }
}

#[tokio::test]
async fn what_no_fetch_has_seen_is_known() {
    for engine in Engine::all() {
        let shelf = Shelf::new(engine).await;
        let seen = shelf.put(&score("seen", on(25), 1.0), 1).await;
        shelf.put(&score("unseen", on(25), 1.0), 1).await;
        shelf.put(&score("before", on(20), 1.0), 1).await;
        let mut tx = shelf.test.db.write().await.unwrap();
        tx.mark_seen(shelf.user, &[seen], 3).await.unwrap();
        tx.mark_seen(shelf.user, &[seen], 2).await.unwrap();
        let kept = find(&mut tx, shelf.user, shelf.id, "seen", Kind::SleepScore).await.unwrap();
        assert_eq!((kept.generation, kept.revision), (3, 1), "an older fetch takes nothing back");
        let window = Window { from: date(2026, 1, 24), to: date(2026, 1, 26) };
        let unseen = tx.unseen(shelf.user, shelf.id, "daily_sleep", window, 3).await.unwrap();
        assert_eq!(unseen, [(Kind::SleepScore, "unseen".to_owned())]);
        tx.delete_records(shelf.user, shelf.id).await.unwrap();
        assert!(tx.unseen(shelf.user, shelf.id, "daily_sleep", window, 3).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_body_moved_to_another_record_does_not_open() {
    for engine in Engine::all() {
        let shelf = Shelf::new(engine).await;
        shelf.put(&score("a", on(25), 80.0), 1).await;
        testkit::run(&shelf.test, "update records set provider_id = 'b'").await.unwrap();
        let mut tx = shelf.test.db.read().await.unwrap();
        let moved = tx.records(shelf.user, &RecordQuery { limit: 10, ..RecordQuery::default() }).await;
        assert!(matches!(moved, Err(Error::Sealed(_))), "{moved:?}");
    }
}

#[tokio::test]
async fn many_are_written_and_found_as_one_is() {
    for engine in Engine::all() {
        let shelf = Shelf::new(engine).await;
        let (user, id) = (shelf.user, shelf.id);
        for count in [1_usize, 3, 64, 150] {
            let name = |n: usize| format!("{count}-{n}");
            let records: Vec<_> = (0..count).map(|n| score(&name(n), on(25), n as f64)).collect();
            let puts: Vec<_> = records.iter().map(|record| Put { kept: None, record }).collect();
            let mut tx = shelf.test.db.write().await.unwrap();
            let ids = tx.put_records(user, id, "daily_sleep", &puts, 1, minute(1)).await.unwrap();
            let keys: Vec<_> = (0..count + 1).map(|n| (Kind::SleepScore, name(n))).collect();
            let kept = tx.find_kept(user, id, &keys).await.unwrap();
            assert_eq!(kept.len(), count, "and nothing of what is not there");
            for (n, record) in records.iter().enumerate() {
                let found = &kept[&keys[n]];
                assert_eq!((found.id, found.record.as_ref()), (ids[n], Some(record)));
            }
            tx.mark_seen(user, &ids[..count / 2], 2).await.unwrap();
            tx.bury_records(user, &ids[count / 2..], 3, minute(3)).await.unwrap();
            let kept = tx.find_kept(user, id, &keys).await.unwrap();
            let seen = kept.values().filter(|kept| !kept.removed && kept.generation == 2).count();
            let buried = kept.values().filter(|kept| kept.removed && kept.generation == 3).count();
            assert_eq!((seen, buried), (count / 2, count - count / 2));
            tx.delete_records(user, id).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_purged_leaves_a_tombstone_for_a_while() {
    for engine in Engine::all() {
        let shelf = Shelf::new(engine).await;
        let (user, id) = (shelf.user, shelf.id);
        for (name, day) in [("c", on(27)), ("b", on(26)), ("a", on(25)), ("always", None)] {
            shelf.put(&score(name, day, 80.0), 7).await;
        }
        let mut tx = shelf.test.db.write().await.unwrap();
        let purged = tx.purge_records(user, date(2026, 1, 27), 10, minute(9)).await.unwrap();
        let days: Vec<_> = purged.iter().map(|(_, change)| change.day).collect();
        assert_eq!(days, [on(25), on(26)], "the oldest first");
        assert!(purged.iter().all(|(connection, change)| *connection == id && change.kind == Kind::SleepScore));
        assert!(tx.purge_records(user, date(2026, 1, 27), 10, minute(9)).await.unwrap().is_empty());
        let kept = find(&mut tx, user, id, "a", Kind::SleepScore).await.unwrap();
        assert_eq!((kept.removed, kept.generation, kept.record), (true, 7, None));
        let changes: Vec<_> = purged.into_iter().map(|(_, change)| change).collect();
        tx.append_changes(user, "oura", id, &changes, minute(9)).await.unwrap();
        assert!(tx.collections_changed(user, id, 0).await.unwrap().is_empty(), "that is our own doing");
        tx.commit().await.unwrap();
        assert_eq!(shelf.days(RecordQuery::default()).await, [None, on(27)]);
        shelf.put(&score("a", on(28), 80.0), 8).await;
        let mut tx = shelf.test.db.write().await.unwrap();
        assert_eq!(tx.sweep_tombstones(minute(9), 10).await.unwrap(), 0, "it was purged just now");
        assert_eq!(tx.sweep_tombstones(minute(10), 10).await.unwrap(), 1, "what came back is no tombstone");
        assert!(find(&mut tx, user, id, "b", Kind::SleepScore).await.is_none());
        tx.commit().await.unwrap();
        assert_eq!(shelf.days(RecordQuery::default()).await, [None, on(27), on(28)]);
    }
}

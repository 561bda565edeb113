//! Mapping raw pages again: shows what a mapper would change, and revives nothing.

use jiff::civil::date;
use model::{Actor, ChangeType, ConnectionId, Kind, Record, UserId, record::Body};
use store::Put;
use testkit::{Engine, House, run};

use crate::{
    people::{OURA, connected_to, log, records, sync},
    replayed::Recording,
};

/// Enough to tell what happens to data; everything would take longer.
const FEW: &[&str] = &["sleep", "readiness"];

/// Changes a stored score as an earlier mapper might have read it; says whose.
async fn tamper(house: &House, user: UserId, connection: ConnectionId) -> String {
    let all = records(house, user).await.unwrap();
    let stored = all.iter().find(|record| record.kind == Kind::SleepScore).unwrap();
    let mut record = stored.record.clone();
    let Body::SleepScore(score) = &mut record.body else { panic!("{record:?}") };
    score.score = Some(1.0);
    let mut tx = house.test.db.write().await.unwrap();
    let key = (Kind::SleepScore, record.provider_id.clone());
    let kept = tx.find_kept(user, connection, &[key]).await.unwrap().into_values().next().unwrap();
    let (generation, now) = (kept.generation, house.now());
    let puts = [Put { kept: Some(&kept), record: &record }];
    tx.put_records(user, connection, "daily_sleep", &puts, generation, now).await.unwrap();
    tx.commit().await.unwrap();
    record.provider_id
}

#[tokio::test]
async fn after_a_sync_there_is_no_difference() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, &[]).await.unwrap();
        house.clock.turn(std::time::Duration::from_hours(20));
        house.engine.run_due().await.unwrap();
        let before = log(&house, user).await.unwrap().len();
        for write in [false, true] {
            let rederived = house.engine.rederive(user, write).await.unwrap();
            assert!(rederived.differences.is_empty(), "{:?}", rederived.differences);
            assert!(rederived.without_raw.is_empty(), "{:?}", rederived.without_raw);
            assert_eq!((rederived.unreadable, rederived.written), (0, write));
            assert_eq!(rederived.unchanged, records(&house, user).await.unwrap().len());
        }
        assert_eq!(log(&house, user).await.unwrap().len(), before);
    }
}

#[tokio::test]
async fn a_difference_is_shown_before_it_is_written() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, connection) = connected_to(&house, FEW).await.unwrap();
        let before = records(&house, user).await.unwrap();
        let head = log(&house, user).await.unwrap().len();
        let tampered = tamper(&house, user, connection).await;
        let shown = house.engine.rederive(user, false).await.unwrap();
        assert_eq!((shown.differences.len(), shown.written), (1, false));
        let difference = &shown.differences[0];
        assert_eq!((&difference.provider_id, difference.change), (&tampered, "revised"));
        assert_eq!(difference.fields, ["body.score"]);
        assert_eq!(log(&house, user).await.unwrap().len(), head, "showing changes nothing");
        let written = house.engine.rederive(user, true).await.unwrap();
        assert_eq!((written.differences.len(), written.written), (1, true));
        let log = log(&house, user).await.unwrap();
        assert_eq!((log.len(), log[head].change_type), (head + 1, ChangeType::Revised));
        let after = records(&house, user).await.unwrap();
        assert!(before.iter().zip(&after).all(|(before, after)| before.record == after.record));
        assert!(house.engine.rederive(user, true).await.unwrap().differences.is_empty());
    }
}

#[tokio::test]
async fn what_was_removed_or_erased_is_never_revived() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.connect_to(user, FEW).await.unwrap();
        let recording = Recording::new().unwrap();
        recording.serve(&house, &[("2026-01-25", 80), ("2026-01-26", 90)]).unwrap();
        house.engine.run_due().await.unwrap();
        recording.serve(&house, &[("2026-01-26", 90)]).unwrap();
        sync(&house, user, 5, "daily_sleep").await.unwrap();
        let rederived = house.engine.rederive(user, true).await.unwrap();
        assert!(rederived.differences.is_empty(), "{:?}", rederived.differences);
        let all = records(&house, user).await.unwrap();
        let days: Vec<_> = all.iter().filter_map(|record| record.record.day).collect();
        assert_eq!(days, [date(2026, 1, 26)]);
        house.engine.disconnect(&Actor::User(user), user, OURA, false).await.unwrap();
        let rederived = house.engine.rederive(user, true).await.unwrap();
        assert_eq!((rederived.pages, rederived.differences.len()), (0, 0));
        assert!(records(&house, user).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn records_without_raw_pages_stay_and_are_told() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        run(&house.test, "delete from pages where collection = 'daily_readiness'").await.unwrap();
        let before = records(&house, user).await.unwrap().len();
        let rederived = house.engine.rederive(user, true).await.unwrap();
        assert!(rederived.differences.is_empty());
        let kinds: std::collections::BTreeSet<_> = rederived.without_raw.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [Kind::Readiness].into());
        assert_eq!(records(&house, user).await.unwrap().len(), before);
    }
}

#[tokio::test]
async fn what_was_preserved_is_mapped_again_too() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, connection) = connected_to(&house, FEW).await.unwrap();
        house.engine.disconnect(&Actor::User(user), user, OURA, true).await.unwrap();
        tamper(&house, user, connection).await;
        assert_eq!(house.engine.rederive(user, true).await.unwrap().differences.len(), 1);
        assert!(house.engine.rederive(user, true).await.unwrap().differences.is_empty());
    }
}

async fn contents(house: &House, user: UserId) -> Vec<Record> {
    records(house, user).await.unwrap().into_iter().map(|stored| stored.record).collect()
}

/// Takes the body from the raw page that was fetched last, or first.
async fn empty_one(house: &House, user: UserId, connection: ConnectionId, last: bool) {
    let mut tx = house.test.db.write().await.unwrap();
    let mut pages = tx.pages(user, connection, -1, 1000).await.unwrap();
    let page = if last { pages.pop().unwrap() } else { pages.remove(0) };
    tx.empty_page(user, page.id).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_record_is_not_made_anew_of_an_older_page_when_its_last_one_is_gone() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let connection = house.connect_to(user, FEW).await.unwrap();
        let recording = Recording::new().unwrap();
        recording.serve(&house, &[("2026-01-26", 80)]).unwrap();
        house.engine.run_due().await.unwrap();
        recording.serve(&house, &[("2026-01-26", 90)]).unwrap();
        sync(&house, user, 5, "daily_sleep").await.unwrap();
        let before = contents(&house, user).await;
        empty_one(&house, user, connection, true).await;
        let rederived = house.engine.rederive(user, true).await.unwrap();
        assert!(rederived.differences.is_empty(), "{:?}", rederived.differences);
        assert_eq!(rederived.without_raw, [(Kind::SleepScore, "sleep-of-2026-01-26".to_owned())]);
        assert!(contents(&house, user).await == before);
        recording.serve(&house, &[("2026-01-26", 70)]).unwrap();
        sync(&house, user, 5, "daily_sleep").await.unwrap();
        let rederived = house.engine.rederive(user, true).await.unwrap();
        assert!(rederived.differences.is_empty() && rederived.without_raw.is_empty(), "a later page tells all of it");
    }
}

#[tokio::test]
async fn a_day_of_which_a_part_is_gone_is_not_made_anew_of_the_others() {
    for database in Engine::all() {
        for last in [false, true] {
            let house = House::new(database).await.unwrap();
            let (user, connection) = connected_to(&house, &["heart_rate"]).await.unwrap();
            house.clock.turn(std::time::Duration::from_hours(5));
            sync(&house, user, 2, "heartrate").await.unwrap();
            let before = contents(&house, user).await;
            empty_one(&house, user, connection, last).await;
            let rederived = house.engine.rederive(user, true).await.unwrap();
            assert!(rederived.differences.is_empty(), "{:?}", rederived.differences);
            assert!(!rederived.without_raw.is_empty());
            assert!(contents(&house, user).await == before);
        }
    }
}

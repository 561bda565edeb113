//! When the provider is in trouble: the rest goes on, nothing good is lost, and what was told is waited for.

use std::time::Duration;

use engine::Error;
use jiff::civil::date;
use model::{ChangeType, Kind};
use sandbox::{Fault, FaultKind};
use testkit::{Engine, House, count};

use crate::{
    people::{HOUR, MINUTE, connected_to, log, records, status, sync},
    replayed::Recording,
};

/// Enough to tell what happens to data; everything would take longer.
const FEW: &[&str] = &["sleep", "readiness"];

const DAILY_SLEEP: &str = "/v2/usercollection/daily_sleep";
/// How often the API is asked before a request counts as failed.
const TRIES: u32 = 3;

#[tokio::test]
async fn a_collection_that_fails_stops_no_other_and_keeps_its_data() {
    for database in Engine::all() {
        for kind in [FaultKind::Error, FaultKind::Malformed, FaultKind::Drop] {
            let house = House::new(database).await.unwrap();
            let (user, _) = connected_to(&house, FEW).await.unwrap();
            let before = records(&house, user).await.unwrap().len();
            house.faults().inject(Fault::of(kind).on(DAILY_SLEEP).times(TRIES));
            let outcome = house.while_time_passes(sync(&house, user, 5, "all")).await.unwrap();
            house.faults().clear();
            assert!(!outcome.success);
            let failed: Vec<_> = outcome.synced.errors.iter().map(|failure| failure.collection.as_str()).collect();
            assert_eq!(failed, ["daily_sleep"], "{kind:?}");
            assert_eq!(outcome.synced.counts["daily_readiness"], 5);
            assert_eq!(records(&house, user).await.unwrap().len(), before);
            let status = status(&house, user).await.unwrap();
            assert!(status.connected && status.last_error.unwrap().starts_with("daily_sleep: "));
            assert!(status.coverage["daily_sleep"].last_error.is_some());
            assert!(status.coverage["daily_readiness"].last_error.is_none());
        }
    }
}

#[tokio::test]
async fn a_backfill_comes_back_for_what_failed() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.connect_to(user, FEW).await.unwrap();
        house.faults().inject(Fault::of(FaultKind::Error).on(DAILY_SLEEP).times(TRIES));
        house.while_time_passes(house.engine.run_due()).await.unwrap();
        let stuck = status(&house, user).await.unwrap();
        assert_eq!((stuck.syncs[0].state, stuck.counts.get("daily_sleep")), ("retrying", None));
        assert!(stuck.last_sync_at.is_some(), "the others came");
        house.clock.turn(HOUR);
        house.engine.run_due().await.unwrap();
        let status = status(&house, user).await.unwrap();
        assert_eq!((status.last_error, status.counts["daily_sleep"] >= 30), (None, true));
        let backfill = status.syncs.last().unwrap();
        assert_eq!((backfill.state, backfill.done, backfill.total), ("done", 5, 5));
        assert_eq!(house.faults().stats().requests["/v2/usercollection/daily_readiness"]["200"], 1, "asked once");
    }
}

#[tokio::test]
async fn a_provider_that_stays_broken_is_left_alone_until_the_next_turn() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.connect_to(user, FEW).await.unwrap();
        house.faults().inject(Fault::of(FaultKind::Error).on(DAILY_SLEEP).times(1_000_000));
        for _ in 0..6 {
            house.while_time_passes(house.engine.run_due()).await.unwrap();
            house.clock.turn(10 * MINUTE);
        }
        let asked = house.faults().stats().requests[DAILY_SLEEP]["500"];
        assert_eq!(asked, u64::from(4 * TRIES), "four tries of the job");
        assert_eq!(status(&house, user).await.unwrap().syncs[0].state, "done");
    }
}

#[tokio::test]
async fn too_many_requests_are_waited_out_as_told() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        house.faults().inject(Fault::of(FaultKind::RateLimit).on(DAILY_SLEEP).seconds(120));
        let refused = sync(&house, user, 5, "all").await;
        let Err(Error::Unavailable { retry_at: Some(at), .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(at.duration_since(house.now()).as_secs(), 120);
        let next_door = house.next_door().await.unwrap();
        let before = house.faults().stats().requests_to(DAILY_SLEEP);
        assert_eq!(next_door.run_due().await.unwrap(), 0, "not due yet");
        house.clock.turn(Duration::from_secs(121));
        next_door.run_due().await.unwrap();
        assert_eq!(house.faults().stats().requests_to(DAILY_SLEEP), before + 1);
        assert_eq!(status(&house, user).await.unwrap().last_error, None);
    }
}

/// One request in five minutes: every page is a sitting of its own, and none is asked for twice.
#[tokio::test]
async fn pages_are_fetched_once_however_often_the_sync_is_put_off() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.connect_to(user, FEW).await.unwrap();
        let recording = Recording::new().unwrap();
        let days: Vec<_> = (17..=26).map(|day| format!("2026-01-{day}")).collect();
        let all: Vec<_> = days.iter().map(|day| (day.as_str(), 80)).collect();
        recording.serve(&house, &all).unwrap();
        house.engine.run_due().await.unwrap();
        // The third of ten days is gone, and the window is read in pages of three.
        let left: Vec<_> = all.iter().copied().filter(|(day, _)| *day != "2026-01-19").collect();
        recording.serve(&house, &left).unwrap();
        house.clock.turn(5 * MINUTE);
        house.faults().set_page_size(3);
        house.faults().set_rate_limit(1);
        assert!(sync(&house, user, 10, "daily_sleep").await.is_err());
        let mut sittings = 1;
        let unfinished = "select count(*) from jobs where type = 'sync' and dedupe_key is null and finished_at is null";
        while count(&house.test, unfinished).await.unwrap() > 0 {
            let removed = log(&house, user).await.unwrap().iter().any(|event| event.change_type == ChangeType::Removed);
            assert!(!removed, "nothing is removed before the window is complete and the day itself was asked for");
            house.clock.turn(5 * MINUTE);
            house.engine.run_due().await.unwrap();
            sittings += 1;
            assert!(sittings < 20, "it never ends");
        }
        let stats = house.faults().stats();
        assert_eq!(stats.requests[DAILY_SLEEP]["200"], 3, "nine days are three pages");
        assert_eq!(stats.requests[&format!("{DAILY_SLEEP}/{{document_id}}")]["404"], 1);
        let events = log(&house, user).await.unwrap();
        assert_eq!(events.last().unwrap().day, Some(date(2026, 1, 19)));
        let scores = records(&house, user).await.unwrap();
        assert_eq!(scores.iter().filter(|record| record.kind == Kind::SleepScore).count(), 9);
        let report = status(&house, user).await.unwrap().syncs.into_iter().find(|report| report.synced.len() == 1);
        assert_eq!(report.unwrap().outcome.unwrap().synced.counts["daily_sleep"], 9);
    }
}

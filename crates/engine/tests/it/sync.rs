//! What a sync brings, what it asks for, and when the next one comes.

use engine::{Error, SyncRequest};
use jiff::civil::date;
use model::{Actor, ChangeType, Kind};
use testkit::{Engine, House, count, run};

use crate::{
    people::{HOUR, MINUTE, OURA, connected_to, log, records, status, sync},
    replayed::Recording,
};

/// Enough to tell what happens to data; everything would take longer.
const FEW: &[&str] = &["sleep", "readiness", "vo2_max"];

#[tokio::test]
async fn a_revised_night_is_one_record_and_one_event() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let yesterday = Some(date(2026, 1, 26));
        let of_yesterday = async || {
            let records = records(&house, user).await.unwrap();
            let mut scores =
                records.into_iter().filter(|record| record.kind == Kind::SleepScore && record.record.day == yesterday);
            let only = scores.next().unwrap();
            assert!(scores.next().is_none());
            only
        };
        let before = of_yesterday().await;
        house.clock.turn(18 * HOUR);
        house.engine.run_due().await.unwrap();
        let after = of_yesterday().await;
        assert_eq!((before.id, before.revision, after.id, after.revision), (after.id, 1, before.id, 2));
        assert_ne!(before.record.body, after.record.body);
        let log = log(&house, user).await.unwrap();
        let events: Vec<_> =
            log.iter().filter(|event| event.record_id == after.id).map(|event| event.change_type).collect();
        assert_eq!(events, [ChangeType::Added, ChangeType::Revised]);
    }
}

#[tokio::test]
async fn only_what_is_gone_itself_is_removed() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.connect_to(user, FEW).await.unwrap();
        let recording = Recording::new().unwrap();
        recording.serve(&house, &[("2026-01-24", 70), ("2026-01-25", 80), ("2026-01-26", 90)]).unwrap();
        house.engine.run_due().await.unwrap();
        recording.serve(&house, &[("2026-01-24", 70), ("2026-01-26", 90)]).unwrap();
        let outcome = sync(&house, user, 2, "daily_sleep").await.unwrap();
        assert!(outcome.success, "{outcome:?}");
        let days = |records: &[model::StoredRecord]| -> Vec<_> {
            let scores = records.iter().filter(|record| record.kind == Kind::SleepScore);
            scores.filter_map(|record| record.record.day).collect()
        };
        assert_eq!(days(&records(&house, user).await.unwrap()), [date(2026, 1, 24), date(2026, 1, 26)]);
        let last = log(&house, user).await.unwrap().pop().unwrap();
        assert_eq!((last.change_type, last.day), (ChangeType::Removed, Some(date(2026, 1, 25))));
        // A day outside the window is not missed in it.
        recording.serve(&house, &[("2026-01-26", 90)]).unwrap();
        sync(&house, user, 2, "daily_sleep").await.unwrap();
        assert_eq!(days(&records(&house, user).await.unwrap()), [date(2026, 1, 24), date(2026, 1, 26)]);
        // What comes back is there again, with the identity that it had.
        recording.serve(&house, &[("2026-01-25", 80), ("2026-01-26", 90)]).unwrap();
        sync(&house, user, 2, "daily_sleep").await.unwrap();
        let back = log(&house, user).await.unwrap().pop().unwrap();
        assert_eq!((back.change_type, back.record_id), (ChangeType::Added, last.record_id));
    }
}

#[tokio::test]
async fn what_moved_out_of_a_window_is_found_where_it_went() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.connect_to(user, FEW).await.unwrap();
        let recording = Recording::new().unwrap();
        recording.serve_as(&house, &[("a", "2026-01-25", 80), ("b", "2026-01-26", 90)]).unwrap();
        house.engine.run_due().await.unwrap();
        recording.serve_as(&house, &[("a", "2026-01-02", 80), ("b", "2026-01-26", 90)]).unwrap();
        sync(&house, user, 5, "daily_sleep").await.unwrap();
        let scores = records(&house, user).await.unwrap();
        let days: Vec<_> = scores.iter().filter_map(|record| record.record.day).collect();
        assert_eq!(days, [date(2026, 1, 2), date(2026, 1, 26)]);
        assert_eq!(log(&house, user).await.unwrap().pop().unwrap().change_type, ChangeType::Revised);
        assert!(house.engine.rederive(user, false).await.unwrap().differences.is_empty());
    }
}

#[tokio::test]
async fn an_answer_has_the_shape_that_callers_expect() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, &[]).await.unwrap();
        let outcome = sync(&house, user, 5, "daily_sleep").await.unwrap();
        assert_eq!(
            serde_json::to_string(&outcome).unwrap(),
            r#"{"success":true,"synced":{"daily_sleep":5,"errors":[]},"period":{"start":"2026-01-22","end":"2026-01-26","days":5}}"#
        );
        let all = sync(&house, user, 5, "all").await.unwrap();
        assert_eq!(all.synced.counts["daily_sleep"], 5);
        assert_eq!(all.synced.counts.len(), house.engine.provider(OURA).unwrap().manifest().collections.len());
    }
}

#[tokio::test]
async fn the_days_and_the_type_are_checked() {
    let house = House::new(Engine::Sqlite).await.unwrap();
    let (user, _) = connected_to(&house, FEW).await.unwrap();
    for days in [0, 91] {
        let refused = sync(&house, user, days, "all").await;
        assert!(matches!(refused, Err(Error::Invalid { field: "days", .. })), "{refused:?}");
    }
    let refused = sync(&house, user, 5, "steps").await;
    assert!(matches!(refused, Err(Error::Invalid { field: "type", .. })), "{refused:?}");
    let stranger = house.somebody().await.unwrap().id;
    assert!(matches!(sync(&house, stranger, 5, "all").await, Err(Error::NotConnected)));
}

#[tokio::test]
async fn one_collection_is_asked_for_by_itself() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let before = house.faults().stats();
        sync(&house, user, 90, "DAILY_READINESS").await.unwrap();
        let after = house.faults().stats();
        for (path, statuses) in &after.requests {
            let more = u64::from(path == "/v2/usercollection/daily_readiness");
            assert_eq!(statuses.values().sum::<u64>() - before.requests_to(path), more, "{path}");
        }
    }
}

#[tokio::test]
async fn one_collection_by_itself_does_not_make_the_others_fresh() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let before = status(&house, user).await.unwrap().last_sync_at;
        house.clock.turn(HOUR);
        sync(&house, user, 1, "daily_readiness").await.unwrap();
        assert_eq!(status(&house, user).await.unwrap().last_sync_at, before);
        let never = sync(&house, user, 1, "daily_activity").await.unwrap();
        assert!(!never.success && never.synced.errors.len() == 1, "what was not consented to is said: {never:?}");
        sync(&house, user, 1, "all").await.unwrap();
        assert_eq!(status(&house, user).await.unwrap().last_sync_at, Some(house.now()));
    }
}

#[tokio::test]
async fn a_queued_sync_tells_how_far_it_is() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let request = SyncRequest { days: 5, collection: "all".to_owned(), wait: false };
        let asked = house.engine.ask_sync(&Actor::User(user), user, OURA, &request).await.unwrap();
        let engine::Asked::Queued(id) = asked else { panic!("{asked:?}") };
        assert_eq!(house.engine.job(user, id).await.unwrap().state, "queued");
        house.engine.run_due().await.unwrap();
        let report = house.engine.job(user, id).await.unwrap();
        assert_eq!((report.state, report.finished, report.done, report.total), ("done", true, 6, 6));
        assert_eq!(report.outcome.unwrap().synced.counts["daily_sleep"], 5);
        let stranger = house.somebody().await.unwrap().id;
        assert!(matches!(house.engine.job(stranger, id).await, Err(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn days_that_were_never_fetched_are_known() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        run(&house.test, "delete from jobs where type = 'sync'").await.unwrap();
        house.clock.turn(24 * 40 * HOUR);
        sync(&house, user, 5, "daily_sleep").await.unwrap();
        let status = status(&house, user).await.unwrap();
        let covered = &status.coverage["daily_sleep"];
        assert_eq!((covered.from, covered.to), (Some(date(2025, 12, 28)), Some(date(2026, 3, 7))));
        assert_eq!(covered.gaps, [model::Window { from: date(2026, 1, 27), to: date(2026, 3, 2) }]);
    }
}

async fn next_sync(house: &House) -> i64 {
    let due = "select coalesce(min(run_at), -1) from jobs where type = 'sync' and finished_at is null";
    count(&house.test, due).await.unwrap()
}

#[tokio::test]
async fn a_sync_comes_every_four_hours() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        for _ in 0..3 {
            let wait = next_sync(&house).await - house.now().as_millisecond();
            assert!((4 * 60..=4 * 60 + 5).contains(&(wait / 60_000)), "{wait}");
            assert_eq!(house.engine.run_due().await.unwrap(), 0);
            house.clock.turn(4 * HOUR + 6 * MINUTE);
            let before = house.faults().stats().requests_to("/v2/usercollection/daily_sleep");
            house.engine.run_due().await.unwrap();
            assert_eq!(house.faults().stats().requests_to("/v2/usercollection/daily_sleep"), before + 1);
            assert_eq!(status(&house, user).await.unwrap().last_sync_at, Some(house.now()));
        }
        // What changes over weeks is asked for once a day.
        assert_eq!(house.faults().stats().requests_to("/v2/usercollection/vO2_max"), 1);
    }
}

#[tokio::test]
async fn old_data_that_somebody_reads_is_renewed_soon() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        run(&house.test, "delete from jobs where type = 'sync' and finished_at is null").await.unwrap();
        house.clock.turn(6 * HOUR - MINUTE);
        status(&house, user).await.unwrap();
        house.engine.tell(user, None).await.unwrap();
        assert_eq!(next_sync(&house).await, -1);
        house.clock.turn(2 * MINUTE);
        house.engine.tell(user, None).await.unwrap();
        assert_eq!(next_sync(&house).await, house.now().as_millisecond());
        house.engine.run_due().await.unwrap();
        assert_eq!(status(&house, user).await.unwrap().last_sync_at, Some(house.now()));
    }
}

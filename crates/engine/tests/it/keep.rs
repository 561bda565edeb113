//! Keeping house: what has had its time is forgotten, and nothing else.

use engine::{Error, Filter, NewWebhook, RecordQuery};
use jiff::{SignedDuration, ToSpan, civil::date};
use model::{Actor, Audience, ChangeType, UserId};
use store::NewJob;
use testkit::{Engine, House, Receiver, count, run};

use crate::{
    people::{HOUR, connected_to, log, records, sync},
    replayed::Recording,
};

/// Enough to tell what happens to data; everything would take longer.
const FEW: &[&str] = &["sleep_score"];

fn job(house: &House, job_type: &'static str) -> NewJob {
    NewJob {
        job_type,
        user_id: None,
        connection_id: None,
        dedupe_key: Some(job_type.to_owned()),
        payload: String::new(),
        run_at: house.now(),
    }
}

/// Does one job of the house now, and those that it brings; says how many.
pub(crate) async fn do_now(house: &House, job_type: &'static str) -> usize {
    run(&house.test, "delete from jobs where finished_at is null").await.unwrap();
    let mut tx = house.test.db.write().await.unwrap();
    tx.enqueue(house.now(), job(house, job_type)).await.unwrap();
    tx.commit().await.unwrap();
    house.engine.run_due().await.unwrap()
}

/// Keeps house now, and does nothing else. The time is not doubted, however long ago it was kept before.
pub(crate) async fn keep(house: &House) {
    run(&house.test, "delete from housekeeping").await.unwrap();
    assert_eq!(do_now(house, "keep").await, 1);
}

pub(crate) fn pass_days(house: &House, days: u32) {
    house.clock.turn(24 * days * HOUR);
}

async fn positions(house: &House, user: UserId, after: i64) -> engine::Result<Vec<i64>> {
    let (events, ..) = house.engine.events(user, None, &Filter::default(), after, 1_000_000).await?;
    Ok(events.iter().map(|event| event.position).collect())
}

#[tokio::test]
async fn old_events_are_forgotten_and_nothing_else() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let old = house.engine.head(user).await.unwrap();
        pass_days(&house, 29);
        house.engine.run_due().await.unwrap();
        let young = house.engine.head(user).await.unwrap();
        assert!(old > 0 && young > old);
        keep(&house).await;
        assert_eq!(positions(&house, user, 0).await.unwrap(), (1..=young).collect::<Vec<_>>(), "all are young enough");
        pass_days(&house, 2);
        let before = records(&house, user).await.unwrap();
        keep(&house).await;
        let expired = positions(&house, user, old - 1).await;
        assert!(matches!(expired, Err(Error::Expired { floor, head }) if (floor, head) == (old, young)), "{expired:?}");
        assert_eq!(positions(&house, user, old).await.unwrap(), (old + 1..=young).collect::<Vec<_>>());
        let after = records(&house, user).await.unwrap();
        assert_eq!(after.len(), before.len());
        assert!(before.iter().zip(&after).all(|(before, after)| before.record == after.record));
        assert!(house.engine.rederive(user, false).await.unwrap().differences.is_empty());
        keep(&house).await;
        assert_eq!(house.engine.head(user).await.unwrap(), young, "once more changes nothing");
    }
}

#[tokio::test]
async fn events_are_kept_for_good_where_the_server_says_so() {
    for database in Engine::all() {
        let rules = engine::Rules { event_days: None, record_days: None };
        let house = House::planned(database, testkit::Plan { rules, ..Default::default() }).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let all = log(&house, user).await.unwrap().len();
        pass_days(&house, 1000);
        keep(&house).await;
        assert_eq!(log(&house, user).await.unwrap().len(), all);
    }
}

#[tokio::test]
async fn a_webhook_that_lags_holds_events_back_for_a_while() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let receiver = Receiver::open().await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let wanted = NewWebhook {
            name: "an app".to_owned(),
            url: receiver.url.to_string(),
            kinds: Vec::new(),
            providers: Vec::new(),
            after: Some(5),
        };
        house.engine.create_webhook(&Actor::User(user), Audience::Person(user), &wanted).await.unwrap();
        let head = house.engine.head(user).await.unwrap();
        pass_days(&house, 31);
        keep(&house).await;
        assert_eq!(positions(&house, user, 5).await.unwrap(), (6..=head).collect::<Vec<_>>());
        assert!(matches!(positions(&house, user, 4).await, Err(Error::Expired { floor: 5, .. })));
        pass_days(&house, 7);
        keep(&house).await;
        assert!(positions(&house, user, head).await.unwrap().is_empty());
        assert!(matches!(positions(&house, user, head - 1).await, Err(Error::Expired { .. })), "not for longer");
    }
}

#[tokio::test]
async fn raw_pages_live_as_long_as_their_records() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.connect_to(user, FEW).await.unwrap();
        let recording = Recording::new().unwrap();
        let (first, second) = (("2026-01-25", 80), ("2026-01-26", 90));
        recording.serve(&house, &[first, second]).unwrap();
        house.engine.run_due().await.unwrap();
        recording.serve(&house, &[second]).unwrap();
        sync(&house, user, 5, "daily_sleep").await.unwrap();
        keep(&house).await;
        let pages = "select count(*) from pages where collection = 'daily_sleep'";
        assert_eq!(count(&house.test, pages).await.unwrap(), 2, "of both the second day is living");
        assert!(house.engine.rederive(user, true).await.unwrap().differences.is_empty());
        recording.serve(&house, &[]).unwrap();
        sync(&house, user, 5, "daily_sleep").await.unwrap();
        assert!(records(&house, user).await.unwrap().is_empty());
        keep(&house).await;
        assert_eq!(count(&house.test, pages).await.unwrap(), 0);
        recording.serve(&house, &[first]).unwrap();
        sync(&house, user, 5, "daily_sleep").await.unwrap();
        let rederived = house.engine.rederive(user, true).await.unwrap();
        assert!(rederived.differences.is_empty() && rederived.without_raw.is_empty(), "{rederived:?}");
        let all = records(&house, user).await.unwrap();
        assert_eq!(all.iter().map(|record| record.record.day).collect::<Vec<_>>(), [Some(date(2026, 1, 25))]);
    }
}

#[tokio::test]
async fn a_page_with_something_that_could_not_be_read_stays() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.connect_to(user, FEW).await.unwrap();
        let recording = Recording::new().unwrap();
        recording.serve(&house, &[("2026-01-26", 90)]).unwrap();
        house.engine.run_due().await.unwrap();
        run(&house.test, "update pages set skipped = 1 where collection = 'daily_sleep'").await.unwrap();
        recording.serve(&house, &[]).unwrap();
        sync(&house, user, 5, "daily_sleep").await.unwrap();
        keep(&house).await;
        let pages = "select count(*) from pages where collection = 'daily_sleep'";
        assert_eq!(count(&house.test, pages).await.unwrap(), 1);
        house.engine.rederive(user, true).await.unwrap();
        keep(&house).await;
        assert_eq!(count(&house.test, pages).await.unwrap(), 0, "a mapper that reads all of it lets it go");
    }
}

#[tokio::test]
async fn every_page_of_a_day_that_grows_stays() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, &["heart_rate"]).await.unwrap();
        for _ in 0..3 {
            house.clock.turn(5 * HOUR);
            sync(&house, user, 2, "heartrate").await.unwrap();
        }
        let before = records(&house, user).await.unwrap();
        keep(&house).await;
        let rederived = house.engine.rederive(user, true).await.unwrap();
        assert!(rederived.differences.is_empty() && rederived.without_raw.is_empty(), "{rederived:?}");
        assert_eq!(records(&house, user).await.unwrap().len(), before.len());
    }
}

#[tokio::test]
async fn the_house_is_kept_every_day() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        keep(&house).await;
        let next = "select run_at from jobs where type = 'keep' and finished_at is null";
        let in_a_day = (house.now() + 24.hours()).as_millisecond();
        assert_eq!(count(&house.test, next).await.unwrap(), in_a_day);
        house.clock.turn(23 * HOUR);
        assert_eq!(house.engine.run_due().await.unwrap(), 0);
        house.clock.turn(2 * HOUR);
        assert_eq!(house.engine.run_due().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_clock_that_is_far_ahead_forgets_nothing() {
    for database in Engine::all() {
        let rules = engine::Rules { event_days: Some(30), record_days: Some(60) };
        let house = House::planned(database, testkit::Plan { rules, ..Default::default() }).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        keep(&house).await;
        let (before, told) = (records(&house, user).await.unwrap().len(), log(&house, user).await.unwrap().len());
        let untouched = async || {
            records(&house, user).await.unwrap().len() == before && log(&house, user).await.unwrap().len() == told
        };
        let a_year = SignedDuration::from_hours(366 * 24);
        house.clock.set_by(a_year);
        do_now(&house, "keep").await;
        assert!(untouched().await);
        let next = "select run_at from jobs where type = 'keep' and finished_at is null";
        assert_eq!(count(&house.test, next).await.unwrap(), (house.now() + 24.hours()).as_millisecond());
        house.clock.set_by(-a_year);
        do_now(&house, "keep").await;
        assert!(untouched().await);

        // As far ahead again, but this time it is true: the machine was off.
        house.clock.set_by(a_year);
        for _ in 0..24 {
            do_now(&house, "keep").await;
            assert!(untouched().await);
            house.clock.turn(HOUR);
        }
        do_now(&house, "keep").await;
        assert!(records(&house, user).await.unwrap().is_empty());
        assert!(matches!(positions(&house, user, 0).await, Err(Error::Expired { .. })));
    }
}

#[tokio::test]
async fn finished_jobs_and_dead_links_are_swept() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let expired = house.now().as_millisecond();
        let link = format!(
            "insert into connect_links (id, user_id, token_id, app_name, providers, return_url, secret_hash, created_at, \
             expires_at) values ('link', '{user}', 'token', 'app', '', '', 'hash', 0, {expired})"
        );
        run(&house.test, link).await.unwrap();
        let finished = format!("select count(*) from jobs where finished_at <= {expired}");
        let syncs = format!("{finished} and type = 'sync'");
        let links = "select count(*) from connect_links";
        let jobs = count(&house.test, &syncs).await.unwrap();
        assert!(jobs > 0);
        pass_days(&house, 6);
        do_now(&house, "sweep").await;
        assert_eq!(count(&house.test, &syncs).await.unwrap(), jobs);
        assert_eq!(count(&house.test, &finished).await.unwrap(), jobs, "syncs are shown for a week, others for a day");
        assert_eq!(count(&house.test, links).await.unwrap(), 1);
        pass_days(&house, 25);
        do_now(&house, "sweep").await;
        assert_eq!(count(&house.test, links).await.unwrap(), 0);
        assert_eq!(count(&house.test, &finished).await.unwrap(), 0);
        assert!(
            count(&house.test, "select count(*) from jobs").await.unwrap() > 0,
            "of younger jobs it is still known"
        );
    }
}

#[tokio::test]
async fn sizes_are_looked_at_once_a_minute() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let people = async || {
            let sizes = house.engine.sizes().await.unwrap();
            sizes.tables.iter().find(|table| table.name == "users").unwrap().rows
        };
        assert_eq!(people().await, 0);
        house.somebody().await.unwrap();
        house.clock.turn(HOUR / 120);
        assert_eq!(people().await, 0);
        house.clock.turn(HOUR / 120);
        assert_eq!(people().await, 1);
    }
}

#[tokio::test]
async fn what_is_pruned_was_told_before() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        pass_days(&house, 31);
        keep(&house).await;
        let (before, head) = (records(&house, user).await.unwrap(), house.engine.head(user).await.unwrap());
        house.engine.run_due().await.unwrap();
        sync(&house, user, 3, "daily_sleep").await.unwrap();
        let (events, ..) = house.engine.events(user, None, &Filter::default(), head, 1000).await.unwrap();
        assert!(events.iter().all(|event| event.change_type != ChangeType::Removed), "{events:?}");
        let wanted = RecordQuery { limit: 1000, ..RecordQuery::default() };
        let after = house.engine.records(user, None, wanted).await.unwrap();
        assert!(before.iter().all(|before| after.iter().any(|after| after.id == before.id)));
    }
}

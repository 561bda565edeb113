//! A process that is killed in the middle of a backfill: another one goes on, and nothing is missing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use model::{Kind, UserId};
use sandbox::{Fault, FaultKind};
use testkit::{Engine, House};
use tokio::runtime::{Builder, Runtime};

use crate::people::{MINUTE, log, records, rounds, status};

type Content = BTreeMap<(Kind, String), serde_json::Value>;

async fn content(house: &House, user: UserId) -> Content {
    let records = records(house, user).await.unwrap();
    let keyed = records.into_iter().map(|stored| {
        let key = (stored.kind, stored.record.provider_id.clone());
        (key, serde_json::to_value(stored.record).unwrap())
    });
    keyed.collect()
}

/// The records that are not the same in both.
fn differing<'a>(one: &'a Content, other: &'a Content) -> Vec<&'a (Kind, String)> {
    let in_one = one.iter().filter(|(key, content)| other.get(key) != Some(content));
    let missing = other.keys().filter(|key| !one.contains_key(key));
    in_one.map(|(key, _)| key).chain(missing).collect()
}

async fn about_to_be_backfilled(database: Engine) -> (Arc<House>, UserId) {
    let house = Arc::new(House::new(database).await.unwrap());
    house.faults().set_page_size(50);
    let user = house.somebody().await.unwrap().id;
    house.connect(user).await.unwrap();
    (house, user)
}

fn pages(house: &House) -> u64 {
    let requests = house.faults().stats().requests;
    requests.iter().filter(|(path, _)| path.starts_with("/v2/")).flat_map(|(_, by_status)| by_status.values()).sum()
}

fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap()
}

/// Another process does what is due, until it is killed.
fn kill_when(here: &Runtime, house: &Arc<House>, so: impl Fn() -> bool) {
    let doomed = runtime(1);
    let neighbour = house.clone();
    doomed.spawn(async move { go_on(&neighbour.next_door().await.unwrap()).await });
    here.block_on(async {
        while !so() {
            tokio::task::yield_now().await;
        }
    });
    // Whoever still ran when the clock is turned would hold the job by the new time.
    doomed.shutdown_timeout(Duration::from_secs(60));
}

/// Does what is due. PostgreSQL takes a moment to notice that the other end is gone; until then it keeps the job locked.
async fn go_on(engine: &engine::Engine) {
    while engine.run_due().await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_backfill_that_is_killed_goes_on_where_it_was() {
    let here = runtime(2);
    for database in Engine::all() {
        let (undisturbed, all_pages) = here.block_on(async {
            let (house, user) = about_to_be_backfilled(database).await;
            house.clock.turn(2 * MINUTE);
            let before = pages(&house);
            house.engine.run_due().await.unwrap();
            (content(&house, user).await, pages(&house) - before)
        });
        let rounds = rounds(3);
        for round in 0..rounds {
            let (house, user) = here.block_on(about_to_be_backfilled(database));
            let fatal = pages(&house) + 1 + all_pages * u64::try_from(round).unwrap() / u64::try_from(rounds).unwrap();
            kill_when(&here, &house, || pages(&house) >= fatal);
            here.block_on(async {
                assert_eq!(house.engine.run_due().await.unwrap(), 0, "the job is not taken from one who may live");
                house.clock.turn(2 * MINUTE);
                go_on(&house.engine).await;
                assert_eq!(status(&house, user).await.unwrap().last_error, None);
                let resumed = content(&house, user).await;
                let differing = differing(&resumed, &undisturbed);
                assert!(differing.is_empty(), "killed after {fatal} of {all_pages} pages: {differing:?}");
                log(&house, user).await.unwrap();
                // What was in flight is asked for once more, what was stored is not.
                let again = pages(&house).saturating_sub(all_pages);
                assert!(again <= 4, "{again} pages were fetched twice");
            });
        }
    }
}

#[test]
fn one_that_is_killed_again_before_it_brought_anything_keeps_its_place() {
    const MANY_PAGES: &str = "/v2/usercollection/heartrate";
    let here = runtime(2);
    for database in Engine::all() {
        let asked = |kills: bool| {
            let (house, user) = here.block_on(about_to_be_backfilled(database));
            if kills {
                kill_when(&here, &house, || house.faults().stats().requests_to(MANY_PAGES) >= 20);
                house.clock.turn(2 * MINUTE);
                house.faults().inject(Fault::of(FaultKind::Slow).on(MANY_PAGES).seconds(3600));
                kill_when(&here, &house, || house.faults().waiting().is_empty());
                house.faults().clear();
            }
            house.clock.turn(2 * MINUTE);
            here.block_on(go_on(&house.engine));
            assert_eq!(here.block_on(status(&house, user)).unwrap().last_error, None);
            house.faults().stats().requests_to(MANY_PAGES)
        };
        let undisturbed = asked(false);
        let killed = asked(true);
        assert!(killed <= undisturbed + 4, "{killed} pages where {undisturbed} do");
    }
}

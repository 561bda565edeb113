//! A process that is killed in the middle of a backfill: another one goes on, and nothing is missing.

use std::{collections::BTreeMap, sync::Arc};

use model::{Kind, UserId};
use testkit::{Engine, House};

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

#[test]
fn a_backfill_that_is_killed_goes_on_where_it_was() {
    let here = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
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
            let doomed = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let neighbour = house.clone();
            doomed.spawn(async move { neighbour.next_door().await.unwrap().run_due().await });
            here.block_on(async {
                while pages(&house) < fatal {
                    tokio::task::yield_now().await;
                }
            });
            doomed.shutdown_background();
            here.block_on(async {
                assert_eq!(house.engine.run_due().await.unwrap(), 0, "the job is not taken from one who may live");
                house.clock.turn(2 * MINUTE);
                // PostgreSQL takes a moment to notice that the other end is gone; until then it keeps the job locked.
                while house.engine.run_due().await.unwrap() == 0 {
                    tokio::task::yield_now().await;
                }
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

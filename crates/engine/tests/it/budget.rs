//! The budget of an application is common to all processes.

use std::time::Duration;

use engine::{Asked, SyncRequest};
use model::Actor;
use testkit::{Engine, House, Plan};

use crate::people::OURA;

async fn requests(house: &House) -> u64 {
    let requests = house.faults().stats().requests;
    requests.iter().filter(|(path, _)| path.starts_with("/v2/")).flat_map(|(_, by_status)| by_status.values()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_together_keep_within_it() {
    const LIMIT: u64 = 12;
    for database in Engine::all() {
        let plan = Plan {
            manifest: |manifest| {
                manifest.limits = providers::Limits { requests: 12, per_seconds: 300 };
            },
            ..Plan::default()
        };
        let house = House::planned(database, plan).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.connect(user).await.unwrap();
        let next_door = house.next_door().await.unwrap();
        let request = SyncRequest { days: 5, collection: "all".to_owned(), wait: false };
        for engine in [&house.engine, &next_door] {
            let asked = engine.ask_sync(&Actor::User(user), user, OURA, &request).await.unwrap();
            assert!(matches!(asked, Asked::Queued(_)));
        }
        let mut windows = 1;
        loop {
            let (here, there) = tokio::join!(house.engine.run_due(), next_door.run_due());
            let run = here.unwrap() + there.unwrap();
            assert!(requests(&house).await <= LIMIT * windows, "{} in {windows} windows", requests(&house).await);
            if run == 0 && requests(&house).await >= 3 * 19 {
                break;
            }
            house.clock.turn(Duration::from_secs(301));
            windows += 1;
            assert!(windows < 12, "the budget starves them");
        }
        let stats = house.faults().stats();
        assert!(
            !stats.requests.values().any(|by_status| by_status.contains_key("429")),
            "the provider never complains"
        );
    }
}

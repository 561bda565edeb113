//! The provider is away for an hour: what it told before is waited for, nobody is sent to consent anew, and all goes on
//! by itself.

use model::{DeliveryState, Operation};
use testkit::{Engine, count};

use crate::{
    people::{HOUR, MINUTE, status, sync},
    refresh::{NEAR_END, refreshes, state},
    told::Told,
};

const ROUNDS: u32 = 12;
/// Who tries again and again tries less and less often.
const LATEST: u32 = 24;

#[tokio::test]
async fn an_hour_without_the_provider_is_waited_out() {
    for database in Engine::all() {
        let mut told = Told::new(database).await;
        // The hour takes the access token's end with it.
        told.house.clock.turn(NEAR_END - HOUR / 2);
        told.provider_has(&[("first", "2026-01-24", 71), ("third", "2026-01-26", 90)]);
        told.tell(Operation::Update, "first").await;
        told.house.street.close().await;
        for round in 0..ROUNDS {
            if round == ROUNDS / 2 {
                told.tell(Operation::Delete, "second").await;
                told.tell(Operation::Create, "third").await;
            }
            told.house.while_time_passes(told.house.engine.run_due()).await.unwrap();
            let asked = told.house.while_time_passes(sync(&told.house, told.user, 1, "daily_sleep")).await;
            assert!(!asked.is_ok_and(|outcome| outcome.success), "nobody was there");
            assert_eq!(state(&told.house, told.user).await, ("active", None), "round {round}");
            told.house.clock.turn(5 * MINUTE);
        }
        assert!(told.deliveries().await.iter().all(|delivery| delivery.state == DeliveryState::Waiting));
        assert_eq!(told.scores().await, [("first".into(), 70), ("second".into(), 80)]);

        told.house.street.reopen().await.unwrap();
        let mut rounds = 0;
        while told.deliveries().await.iter().any(|delivery| delivery.state != DeliveryState::Applied) {
            told.house.clock.turn(5 * MINUTE);
            told.house.while_time_passes(told.house.engine.run_due()).await.unwrap();
            rounds += 1;
            assert!(rounds < LATEST, "it does not recover");
        }
        assert_eq!(told.scores().await, [("first".into(), 71), ("third".into(), 90)]);
        assert_eq!(state(&told.house, told.user).await, ("active", None));
        assert_eq!(refreshes(&told.house), (1, 0), "the token's end was waited out too");
        assert!(sync(&told.house, told.user, 3, "daily_sleep").await.unwrap().success);
        assert_eq!(status(&told.house, told.user).await.unwrap().last_error, None);
        told.log().await;
    }
}

#[tokio::test]
async fn a_first_sync_is_waited_for_as_well() {
    for database in Engine::all() {
        let mut house = testkit::House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.connect_to(user, &["sleep_score", "readiness"]).await.unwrap();
        house.street.close().await;
        for _ in 0..ROUNDS {
            house.while_time_passes(house.engine.run_due()).await.unwrap();
            house.clock.turn(5 * MINUTE);
        }
        assert_eq!(state(&house, user).await, ("active", None));
        let asked = house.while_time_passes(sync(&house, user, 1, "daily_sleep")).await;
        assert!(!asked.is_ok_and(|outcome| outcome.success), "nobody was there");
        house.street.reopen().await.unwrap();
        // What was given up meanwhile comes with the next turn.
        for _ in 0..LATEST {
            house.clock.turn(HOUR / 3);
            house.while_time_passes(house.engine.run_due()).await.unwrap();
        }
        let status = status(&house, user).await.unwrap();
        assert_eq!(status.last_error, None, "{:#?}", status.syncs);
        assert!(status.counts["daily_sleep"] >= 30 && status.counts["daily_readiness"] >= 30, "{:?}", status.counts);
        assert_eq!(count(&house.test, "select count(*) from records where removed_at is not null").await.unwrap(), 0);
    }
}

//! One refresh per rotation, and nobody has to consent anew without proof.

use std::time::Duration;

use model::{Reason, UserId};
use sandbox::{Fault, FaultKind};
use testkit::{Engine, House, Plan, count, run};

use crate::people::{HOUR, MINUTE, connected_to, rounds, status, sync, sync_with};

/// Oura's access tokens live a day; a tenth of it is the buffer.
pub(crate) const REFRESH_DUE: Duration = Duration::from_hours(22);
pub(crate) const NEAR_END: Duration = Duration::from_mins(23 * 60 + 56);
pub(crate) const EXPIRED: Duration = Duration::from_hours(25);

/// Enough to need an access token.
pub(crate) const FEW: &[&str] = &["profile", "sleep_score", "readiness"];

/// Asks for what needs an access token.
pub(crate) async fn use_token(house: &House, user: UserId) -> engine::Result<engine::Outcome> {
    sync(house, user, 1, "personal_info").await
}

pub(crate) async fn state(house: &House, user: UserId) -> (&'static str, Option<Reason>) {
    let status = status(house, user).await.unwrap();
    (status.state, status.reason)
}

pub(crate) fn refreshes(house: &House) -> (u64, u64) {
    let token = house.faults().stats().token;
    let outcomes = token.by_grant.get("refresh_token").copied().unwrap_or_default();
    (outcomes.ok, outcomes.refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_callers_in_two_processes_refresh_once() {
    for database in Engine::all() {
        for round in 0..rounds(1) {
            for age in [REFRESH_DUE, EXPIRED] {
                let house = House::new(database).await.unwrap();
                let (user, _) = connected_to(&house, FEW).await.unwrap();
                let next_door = house.next_door().await.unwrap();
                house.clock.turn(age);
                let callers: Vec<_> = (0..200)
                    .map(|caller| {
                        let engine = if caller % 2 == 0 { house.engine.clone() } else { next_door.clone() };
                        tokio::spawn(async move { sync_with(&engine, user, 1, "personal_info").await })
                    })
                    .collect();
                for caller in callers {
                    let outcome = caller.await.unwrap().unwrap();
                    assert!(outcome.success, "{outcome:?}");
                }
                assert_eq!(refreshes(&house), (1, 0), "round {round} after {age:?}");
                assert_eq!(state(&house, user).await, ("active", None));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_callers_in_two_processes_are_refused_once() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let next_door = house.next_door().await.unwrap();
        house.faults().revoke_consent();
        house.clock.turn(EXPIRED);
        let callers = (0..200).map(|caller| {
            let engine = if caller % 2 == 0 { house.engine.clone() } else { next_door.clone() };
            tokio::spawn(async move { sync_with(&engine, user, 1, "personal_info").await })
        });
        for caller in callers.collect::<Vec<_>>() {
            assert!(caller.await.unwrap().is_err(), "nothing serves any more");
        }
        assert_eq!(refreshes(&house), (0, 1), "a token that is dead is not tried again");
        assert_eq!(state(&house, user).await, ("needs_consent", Some(Reason::Refused)));
    }
}

#[tokio::test]
async fn trouble_at_the_token_endpoint_costs_nobody_their_consent() {
    for database in Engine::all() {
        for kind in [FaultKind::Error, FaultKind::RateLimit, FaultKind::Malformed, FaultKind::Slow] {
            let plan = Plan { deadline: Duration::from_secs(1), ..Plan::default() };
            let house = House::planned(database, plan).await.unwrap();
            let (user, _) = connected_to(&house, FEW).await.unwrap();
            house.clock.turn(REFRESH_DUE);
            // A cut answer carries the rotation out: only a provider with a grace lets the old token in again.
            house.faults().set_refresh_grace(4 * HOUR);
            house.faults().inject(Fault::of(kind).on("/oauth/token").seconds(3600));
            assert!(use_token(&house, user).await.unwrap().success, "{kind:?}: the access token still serves");
            assert_eq!(state(&house, user).await, ("active", None), "{kind:?}");
            house.faults().inject(Fault::of(kind).on("/oauth/token").seconds(3600));
            house.clock.turn(3 * HOUR);
            assert!(use_token(&house, user).await.is_err(), "{kind:?}: it has expired");
            assert_eq!(state(&house, user).await, ("active", None), "{kind:?}");
            house.faults().clear();
            assert!(use_token(&house, user).await.unwrap().success, "{kind:?}: the provider is back");
            assert_eq!(refreshes(&house).1, 0, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_client_secret_costs_nobody_their_consent() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let wrong = house.misconfigured().await.unwrap();
        house.clock.turn(REFRESH_DUE);
        assert!(sync_with(&wrong, user, 1, "personal_info").await.unwrap().success, "the access token still serves");
        assert_eq!(refreshes(&house), (0, 1));
        assert_eq!(state(&house, user).await, ("active", None));
        house.clock.turn(3 * HOUR);
        assert!(sync_with(&wrong, user, 1, "personal_info").await.is_err());
        assert_eq!(state(&house, user).await, ("active", None));
        assert!(use_token(&house, user).await.unwrap().success, "whoever has the right secret goes on");
    }
}

#[tokio::test]
async fn a_lost_answer_is_lived_with_until_the_end_draws_near() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        house.clock.turn(REFRESH_DUE);
        house.faults().inject(Fault::of(FaultKind::Drop).on("/oauth/token"));
        assert!(use_token(&house, user).await.unwrap().success);
        assert_eq!(refreshes(&house), (1, 0), "the provider has rotated, and we do not know");
        house.clock.turn(HOUR);
        assert!(use_token(&house, user).await.unwrap().success);
        assert_eq!(refreshes(&house), (1, 0), "the old one is not tried before it must be");
        assert_eq!(state(&house, user).await, ("active", None));
        house.clock.turn(NEAR_END - REFRESH_DUE - HOUR);
        assert!(use_token(&house, user).await.is_err());
        assert_eq!(refreshes(&house), (1, 1), "the old one was tried once");
        assert_eq!(state(&house, user).await, ("needs_consent", Some(Reason::OutcomeLost)));
    }
}

#[tokio::test]
async fn a_grace_brings_a_lost_answer_back() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        house.faults().set_refresh_grace(4 * HOUR);
        house.clock.turn(REFRESH_DUE);
        house.faults().inject(Fault::of(FaultKind::Drop).on("/oauth/token"));
        assert!(use_token(&house, user).await.unwrap().success);
        house.clock.turn(NEAR_END - REFRESH_DUE);
        assert!(use_token(&house, user).await.unwrap().success);
        assert_eq!(refreshes(&house), (2, 0));
        house.clock.turn(EXPIRED - NEAR_END);
        assert!(use_token(&house, user).await.unwrap().success);
        assert_eq!(refreshes(&house), (2, 0), "what came back is kept");
        assert_eq!(state(&house, user).await, ("active", None));
    }
}

#[tokio::test]
async fn only_a_refusal_of_the_newest_token_is_proof() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        house.faults().revoke_consent();
        assert!(use_token(&house, user).await.is_err());
        assert_eq!(state(&house, user).await, ("needs_consent", Some(Reason::Refused)));
        assert_eq!(refreshes(&house), (0, 1));
        let again = use_token(&house, user).await;
        assert!(matches!(again, Err(engine::Error::NeedsConsent(Reason::Refused))), "{again:?}");
        assert_eq!(refreshes(&house), (0, 1), "nobody asks again");
        house.connect_to(user, FEW).await.unwrap();
        assert!(use_token(&house, user).await.unwrap().success);
        assert_eq!(state(&house, user).await, ("active", None));
    }
}

#[tokio::test]
async fn an_access_token_that_is_not_accepted_is_refreshed_once_in_a_sync() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        house.clock.turn(MINUTE);
        house.faults().expire_tokens();
        assert!(sync(&house, user, 5, "all").await.unwrap().success);
        assert_eq!(refreshes(&house), (1, 0));
    }
}

#[tokio::test]
async fn tokens_are_refreshed_before_they_expire_with_nobody_asking() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        run(&house.test, "delete from jobs where type = 'sync'").await.unwrap();
        house.clock.turn(21 * HOUR);
        house.engine.run_due().await.unwrap();
        assert_eq!(refreshes(&house), (0, 0), "not too early");
        for day in 1..=3 {
            house.clock.turn(22 * HOUR);
            house.engine.run_due().await.unwrap();
            assert_eq!(refreshes(&house), (day, 0));
            let expires_at = status(&house, user).await.unwrap().token_expires_at.unwrap();
            assert_eq!(expires_at.duration_since(house.now()).as_hours(), 24);
        }
    }
}

#[tokio::test]
async fn the_refresh_job_waits_longer_after_each_failure() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        connected_to(&house, FEW).await.unwrap();
        run(&house.test, "delete from jobs where type = 'sync'").await.unwrap();
        house.faults().inject(Fault::of(FaultKind::RateLimit).on("/oauth/token").times(1000));
        let mut waits = Vec::new();
        house.clock.turn(REFRESH_DUE);
        for _ in 0..4 {
            house.engine.run_due().await.unwrap();
            let due = count(&house.test, "select min(run_at) from jobs where type = 'refresh'").await.unwrap();
            let wait = due - house.now().as_millisecond();
            waits.push(wait / 1000);
            house.clock.turn(Duration::from_millis(wait.unsigned_abs()));
        }
        for (wait, least) in waits.iter().zip([30, 60, 120, 240]) {
            assert!((least..=least * 5 / 4).contains(wait), "{waits:?}");
        }
    }
}

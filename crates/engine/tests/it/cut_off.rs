//! Refreshes that are cut off: by a disconnect, by a kill before or after the provider has rotated.

use std::{sync::Arc, time::Duration};

use model::{ConnectionId, Reason, UserId};
use sandbox::{Fault, FaultKind};
use store::Claim;
use testkit::{Engine, House, count};

use crate::{
    people::{HOUR, MINUTE, OURA, connected_to, rounds, sync_with},
    refresh::{EXPIRED, FEW, NEAR_END, REFRESH_DUE, refreshes, state, use_token},
};

/// Polls without sleeping by the clock until something is so.
async fn until(so: impl AsyncFn() -> bool) {
    while !so().await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_ends_after_a_disconnect_revokes_what_it_got() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        house.clock.turn(REFRESH_DUE);
        house.faults().inject(Fault::of(FaultKind::Slow).on("/oauth/token").seconds(3600));
        let engine = house.engine.clone();
        let refreshing = tokio::spawn(async move { sync_with(&engine, user, 1, "personal_info").await });
        until(async || house.faults().waiting().is_empty()).await;
        // The provider does not take the revocation, so that the refresh under way succeeds.
        house.faults().inject(Fault::of(FaultKind::Error).on("/oauth/revoke").times(3));
        let actor = model::Actor::User(user);
        let disconnecting = house.engine.disconnect(&actor, user, OURA, true);
        let disconnected = house.while_time_passes(disconnecting).await.unwrap();
        assert_eq!(disconnected.revocation, engine::Revocation::Failed);
        house.clock.turn(HOUR);
        assert!(refreshing.await.unwrap().is_err());
        house.engine.drain().await;
        assert_eq!(refreshes(&house), (1, 0));
        assert_eq!(house.faults().stats().requests["/oauth/revoke"]["200"], 1, "the new grant is ended");
        assert_eq!(count(&house.test, "select count(*) from credentials").await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_from_before_a_disconnect_does_not_touch_what_came_after() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, connection) = connected_to(&house, FEW).await.unwrap();
        house.clock.turn(REFRESH_DUE);
        house.faults().inject(Fault::of(FaultKind::Slow).on("/oauth/token").seconds(3600));
        let engine = house.engine.clone();
        let refreshing = tokio::spawn(async move { sync_with(&engine, user, 1, "personal_info").await });
        until(async || house.faults().waiting().is_empty()).await;
        house.faults().inject(Fault::of(FaultKind::Error).on("/oauth/revoke").times(3));
        let actor = model::Actor::User(user);
        house.while_time_passes(house.engine.disconnect(&actor, user, OURA, true)).await.unwrap();
        assert_eq!(house.connect_to(user, FEW).await.unwrap(), connection, "the same account goes on");
        let before = credential(&house, user, connection).await;
        house.clock.turn(HOUR);
        let _ = refreshing.await.unwrap();
        house.engine.drain().await;
        let after = credential(&house, user, connection).await;
        assert_eq!((before.rotation, before.access), (after.rotation, after.access));
        assert!(use_token(&house, user).await.unwrap().success);
    }
}

async fn credential(house: &House, user: UserId, connection: ConnectionId) -> model::Credential {
    let mut tx = house.test.db.read().await.unwrap();
    tx.find_credential(user, connection, house.now()).await.unwrap().unwrap()
}

/// A process claims the refresh and is killed before or after the provider has rotated.
async fn killed(house: &House, user: UserId, connection: ConnectionId, rotated: bool) {
    let now = house.now();
    let credential = credential(house, user, connection).await;
    let mut tx = house.test.db.write().await.unwrap();
    let lease_until = now + jiff::SignedDuration::from_secs(90);
    let claim = tx.claim_refresh(user, connection, credential.rotation, "killed", now, lease_until).await.unwrap();
    assert_eq!(claim, Claim::Taken);
    tx.commit().await.unwrap();
    if rotated {
        house.refresh_and_forget(&credential.refresh.unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_killed_process_left_is_found_again() {
    for database in Engine::all() {
        for (rotated, grace) in [(false, false), (true, true), (true, false)] {
            let house = House::new(database).await.unwrap();
            let (user, connection) = connected_to(&house, FEW).await.unwrap();
            house.clock.turn(REFRESH_DUE);
            if grace {
                house.faults().set_refresh_grace(4 * HOUR);
            }
            killed(&house, user, connection, rotated).await;
            assert!(use_token(&house, user).await.unwrap().success, "nobody waits for a dead process");
            house.clock.turn(2 * MINUTE);
            assert!(use_token(&house, user).await.unwrap().success, "the access token serves");
            house.engine.run_due().await.unwrap();
            assert_eq!(refreshes(&house), (u64::from(rotated), 0), "nobody tries before the end is near");
            house.clock.turn(NEAR_END - REFRESH_DUE - 2 * MINUTE);
            let used = use_token(&house, user).await;
            let expected = match (rotated, grace) {
                (true, false) => ("needs_consent", Some(Reason::OutcomeLost)),
                _ => ("active", None),
            };
            assert_eq!(state(&house, user).await, expected, "rotated {rotated}, grace {grace}");
            assert_eq!(used.is_ok(), expected.0 == "active");
        }
    }
}

#[test]
fn a_process_that_is_killed_in_a_refresh_harms_nobody() {
    let here = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for database in Engine::all() {
        for _ in 0..rounds(1) {
            let (house, user) = here.block_on(async {
                let house = Arc::new(House::new(database).await.unwrap());
                let (user, _) = connected_to(&house, FEW).await.unwrap();
                house.clock.turn(EXPIRED);
                house.faults().inject(Fault::of(FaultKind::Slow).on("/oauth/token").seconds(3600));
                (house, user)
            });
            let doomed = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let neighbour = house.clone();
            doomed.spawn(async move {
                let engine = neighbour.next_door().await.unwrap();
                sync_with(&engine, user, 1, "personal_info").await
            });
            here.block_on(until(async || house.faults().waiting().is_empty()));
            doomed.shutdown_timeout(Duration::from_secs(60));
            here.block_on(async {
                house.clock.turn(2 * MINUTE);
                assert!(use_token(&house, user).await.unwrap().success);
                assert_eq!(state(&house, user).await, ("active", None));
                assert_eq!(refreshes(&house), (1, 0));
            });
        }
    }
}

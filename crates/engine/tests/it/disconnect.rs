//! Disconnecting: what is destroyed, what is kept, and what it means for others.

use engine::{Error, Revocation};
use model::{Action, Actor, ChangeType, UserId};
use testkit::{Engine, House, count};

use crate::people::{OURA, connected_to, log, records, status, sync};

/// Enough to tell what happens to data; everything would take longer.
const FEW: &[&str] = &["sleep", "readiness"];

async fn rows(house: &House, table: &str) -> i64 {
    count(&house.test, format!("select count(*) from {table}")).await.unwrap()
}

async fn disconnect(house: &House, user: UserId, preserve: bool) -> engine::Disconnected {
    house.engine.disconnect(&Actor::User(user), user, OURA, preserve).await.unwrap()
}

#[tokio::test]
async fn disconnecting_destroys_what_was_collected() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let there = records(&house, user).await.unwrap().len();
        assert!(rows(&house, "pages").await > 0);
        let disconnected = disconnect(&house, user, false).await;
        assert_eq!((disconnected.revocation, disconnected.records_erased), (Revocation::Done, there));
        for table in ["records", "pages", "credentials", "coverage", "collections"] {
            assert_eq!(rows(&house, table).await, 0, "{table}");
        }
        let keys = "connections where key_sealed is not null or account_sealed is not null or account_id is not null";
        assert_eq!(rows(&house, keys).await, 0);
        assert_eq!(rows(&house, "consents where withdrawn_at is null").await, 0);
        assert_eq!(rows(&house, "jobs where user_id is not null and finished_at is null").await, 0);
        let removed = log(&house, user).await.unwrap();
        let removed = removed.iter().filter(|event| event.change_type == ChangeType::Removed);
        assert_eq!(removed.count(), there);
        assert_eq!(status(&house, user).await.unwrap().state, "not_connected");
        assert!(house.engine.tell(user, None).await.unwrap().context.is_none());
        assert!(matches!(sync(&house, user, 5, "all").await, Err(Error::NotConnected)));
        let wanted = engine::AuditQuery { action: Some(Action::Disconnected), limit: 10, ..Default::default() };
        let entries = house.engine.audit(user, &wanted).await.unwrap();
        assert_eq!(entries[0].detail.as_deref(), Some("Oura, records and their key destroyed"));
        let token = house.faults().stats();
        assert_eq!(token.requests["/oauth/revoke"]["200"], 1);
        let again = house.engine.disconnect(&Actor::User(user), user, OURA, false).await;
        assert!(matches!(again, Err(Error::NotConnected)));
    }
}

#[tokio::test]
async fn what_is_preserved_stays_readable_and_goes_on() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, connection) = connected_to(&house, FEW).await.unwrap();
        let before = (records(&house, user).await.unwrap(), log(&house, user).await.unwrap().len());
        let disconnected = disconnect(&house, user, true).await;
        assert_eq!((disconnected.revocation, disconnected.records_erased), (Revocation::Done, 0));
        assert_eq!(rows(&house, "credentials").await, 0);
        assert_eq!(records(&house, user).await.unwrap().len(), before.0.len());
        assert!(house.engine.tell(user, None).await.unwrap().context.is_none(), "nobody is told of it any more");
        assert_eq!(house.connect_to(user, FEW).await.unwrap(), connection);
        house.engine.run_due().await.unwrap();
        let after = (records(&house, user).await.unwrap(), log(&house, user).await.unwrap().len());
        let ids = |records: &[model::StoredRecord]| records.iter().map(|record| record.id).collect::<Vec<_>>();
        assert_eq!((ids(&before.0), before.1), (ids(&after.0), after.1), "no duplicates, no new events");
    }
}

#[tokio::test]
async fn who_comes_back_after_erasure_begins_anew() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, connection) = connected_to(&house, FEW).await.unwrap();
        disconnect(&house, user, false).await;
        assert_ne!(house.connect_to(user, FEW).await.unwrap(), connection);
        house.engine.run_due().await.unwrap();
        assert!(status(&house, user).await.unwrap().connected);
        assert!(!records(&house, user).await.unwrap().is_empty());
        log(&house, user).await.unwrap();
    }
}

#[tokio::test]
async fn what_one_does_never_cuts_off_another_on_the_same_account() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (ada, _) = connected_to(&house, FEW).await.unwrap();
        let (ben, _) = connected_to(&house, FEW).await.unwrap();
        let of_ben = records(&house, ben).await.unwrap().len();
        assert_eq!(disconnect(&house, ada, false).await.revocation, Revocation::AccountInUse);
        assert!(!house.faults().stats().requests.contains_key("/oauth/revoke"));
        assert!(sync(&house, ben, 5, "all").await.unwrap().success);
        assert_eq!(records(&house, ben).await.unwrap().len(), of_ben);
        assert!(records(&house, ada).await.unwrap().is_empty());
        assert_eq!(disconnect(&house, ben, false).await.revocation, Revocation::Done);
    }
}

#[tokio::test]
async fn a_provider_that_does_not_take_the_revocation_keeps_nobody_here() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let fault = sandbox::Fault::of(sandbox::FaultKind::Error).on("/oauth/revoke").times(100);
        house.faults().inject(fault);
        let disconnected = house.while_time_passes(disconnect(&house, user, false)).await;
        assert_eq!(disconnected.revocation, Revocation::Failed);
        assert_eq!((rows(&house, "records").await, rows(&house, "credentials").await), (0, 0));
    }
}

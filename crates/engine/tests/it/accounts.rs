//! Connecting as another account: the person chooses, and the two never mix.

use engine::{Confirm, Error, Finished};
use model::{Actor, ConnectionId, UserId};
use testkit::{Engine, House, count};

use crate::people::{HOUR, connected_to, records, status, sync};

/// Enough to tell what happens to data; everything would take longer.
const FEW: &[&str] = &["sleep"];

/// The sandbox's second person.
async fn other_account(house: &House) -> String {
    let user = house.somebody().await.unwrap().id;
    let (principal, begun) = house.begin(user, &[]).await.unwrap();
    let page = house.consent_page(&begun.redirect_url).await.unwrap();
    let robin = page.split("<option value=\"").nth(2).unwrap();
    drop(principal);
    robin.split('"').next().unwrap().to_owned()
}

async fn connect_other(house: &House, user: UserId) -> ConnectionId {
    let other = other_account(house).await;
    match house.round_trip(user, FEW, &other, None).await.unwrap() {
        Finished::NeedsChoice { connection } => connection,
        other => panic!("{other:?}"),
    }
}

fn confirm(user: UserId, connection: ConnectionId, replace_preserving: Option<bool>) -> Confirm {
    Confirm { user, actor: Actor::User(user), connection, replace_preserving }
}

#[tokio::test]
async fn another_account_waits_for_a_choice_and_collects_nothing() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, present) = connected_to(&house, FEW).await.unwrap();
        let before = records(&house, user).await.unwrap().len();
        let pending = connect_other(&house, user).await;
        house.engine.run_due().await.unwrap();
        assert_eq!(records(&house, user).await.unwrap().len(), before);
        assert_eq!(status(&house, user).await.unwrap().connection_id, Some(present));
        let unsaid = house.engine.confirm(confirm(user, pending, None)).await;
        assert!(matches!(unsaid, Err(Error::AccountConflict)), "{unsaid:?}");
        let stranger = house.somebody().await.unwrap().id;
        let foreign = house.engine.confirm(confirm(stranger, pending, Some(false))).await;
        assert!(matches!(foreign, Err(Error::NotFound(_))), "{foreign:?}");
        house.engine.abandon(user, pending).await.unwrap();
        assert_eq!(count(&house.test, "select count(*) from credentials").await.unwrap(), 1);
        assert!(sync(&house, user, 5, "all").await.unwrap().success);
        let late = house.engine.confirm(confirm(user, pending, Some(false))).await;
        assert!(matches!(late, Err(Error::NotFound(_))), "{late:?}");
    }
}

#[tokio::test]
async fn replacing_erases_or_keeps_what_was_there() {
    for database in Engine::all() {
        for preserve in [false, true] {
            let house = House::new(database).await.unwrap();
            let (user, former) = connected_to(&house, FEW).await.unwrap();
            let before = records(&house, user).await.unwrap().len();
            let pending = connect_other(&house, user).await;
            assert_eq!(house.engine.confirm(confirm(user, pending, Some(preserve))).await.unwrap(), pending);
            let of_former = async || {
                let records = records(&house, user).await.unwrap();
                records.iter().filter(|record| record.connection_id == former).count()
            };
            assert_eq!(of_former().await, if preserve { before } else { 0 });
            assert_eq!(house.faults().stats().requests["/oauth/revoke"]["200"], 1);
            house.engine.run_due().await.unwrap();
            let status = status(&house, user).await.unwrap();
            assert_eq!((status.connection_id, status.last_error), (Some(pending), None));
            assert!(status.counts["daily_sleep"] >= 30);
            assert_eq!(of_former().await, if preserve { before } else { 0 }, "they never mix");
        }
    }
}

#[tokio::test]
async fn coming_back_to_a_kept_account_makes_no_duplicates() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, former) = connected_to(&house, FEW).await.unwrap();
        let before = records(&house, user).await.unwrap().len();
        let pending = connect_other(&house, user).await;
        house.engine.confirm(confirm(user, pending, Some(true))).await.unwrap();
        house.engine.run_due().await.unwrap();
        let Finished::NeedsChoice { connection } = house.round_trip(user, FEW, "", None).await.unwrap() else {
            panic!("the first account is another one now")
        };
        let active = house.engine.confirm(confirm(user, connection, Some(false))).await.unwrap();
        assert_eq!(active, former);
        house.engine.run_due().await.unwrap();
        assert_eq!(records(&house, user).await.unwrap().len(), before);
        assert!(status(&house, user).await.unwrap().connected);
    }
}

#[tokio::test]
async fn a_choice_that_is_never_made_is_swept_away() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, present) = connected_to(&house, FEW).await.unwrap();
        let stop = tokio_util::sync::CancellationToken::new();
        stop.cancel();
        house.engine.work(stop).await;
        connect_other(&house, user).await;
        house.clock.turn(HOUR);
        house.engine.run_due().await.unwrap();
        assert_eq!(house.faults().stats().requests["/oauth/revoke"]["200"], 1, "its grant is ended");
        assert_eq!(count(&house.test, "select count(*) from connections where state = 'pending'").await.unwrap(), 0);
        assert_eq!(status(&house, user).await.unwrap().connection_id, Some(present));
    }
}

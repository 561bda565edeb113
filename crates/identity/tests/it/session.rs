//! Sessions slide while they are used, and end.

use jiff::SignedDuration;
use model::Secret;
use testkit::Engine;

use crate::house::{DAY, HOUR, House, PASSWORD};

const JUST: std::time::Duration = std::time::Duration::from_millis(1);

#[tokio::test]
async fn a_session_ends_after_fourteen_idle_days() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        house.ada().await.unwrap();
        let cookie = house.sign_in(PASSWORD).await.unwrap().cookie;
        house.clock.turn(DAY * 14 - JUST);
        assert!(house.identity.find_session(&cookie).await.unwrap().is_some());
        house.clock.turn(DAY * 14 - JUST);
        assert!(house.identity.find_session(&cookie).await.unwrap().is_some(), "its use prolonged it");
        house.clock.turn(DAY * 14);
        assert!(house.identity.find_session(&cookie).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_session_ends_after_ninety_days_however_it_is_used() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        house.ada().await.unwrap();
        let cookie = house.sign_in(PASSWORD).await.unwrap().cookie;
        for _ in 0..8 {
            house.clock.turn(DAY * 11);
            assert!(house.identity.find_session(&cookie).await.unwrap().is_some());
        }
        house.clock.turn(DAY * 2 - JUST);
        assert!(house.identity.find_session(&cookie).await.unwrap().is_some());
        house.clock.turn(JUST);
        assert!(house.identity.find_session(&cookie).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn its_use_is_written_once_an_hour() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        house.ada().await.unwrap();
        let come = house.sign_in(PASSWORD).await.unwrap();
        house.clock.turn(HOUR - JUST);
        let (session, _) = house.identity.find_session(&come.cookie).await.unwrap().unwrap();
        assert_eq!(session.last_seen_at, come.session.last_seen_at);
        house.clock.turn(JUST);
        let (session, _) = house.identity.find_session(&come.cookie).await.unwrap().unwrap();
        assert_eq!(session.last_seen_at, house.now());
        assert_eq!(session.expires_at, house.now().checked_add(SignedDuration::from_hours(14 * 24)).unwrap());
        let (kept, _) = house.next_door().await.unwrap().find_session(&come.cookie).await.unwrap().unwrap();
        assert_eq!((kept.last_seen_at, kept.expires_at), (session.last_seen_at, session.expires_at));
    }
}

#[tokio::test]
async fn signing_out_ends_one_session() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        house.ada().await.unwrap();
        let (here, there) = (house.sign_in(PASSWORD).await.unwrap(), house.sign_in(PASSWORD).await.unwrap());
        house.identity.sign_out(&here.session).await.unwrap();
        assert!(house.identity.find_session(&here.cookie).await.unwrap().is_none());
        assert!(house.identity.find_session(&there.cookie).await.unwrap().is_some());
        assert!(house.identity.find_session(&Secret::new("no cookie of ours")).await.unwrap().is_none());
    }
}

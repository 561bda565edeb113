//! The way back from the provider: once, in time, by whoever began; and what was granted is worked with.

use engine::{Error, Finished, StateProblem};
use model::{Actor, Secret};
use store::Principal;
use testkit::{Engine, House, Plan, count};

use crate::people::{MINUTE, OURA, connected, status, sync};

async fn connections(house: &House) -> i64 {
    count(&house.test, "select count(*) from connections").await.unwrap()
}

fn problem(finished: engine::Result<Finished>) -> StateProblem {
    match finished {
        Err(Error::State(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_way_back_is_used_once() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let (principal, begun) = house.begin(user, &[]).await.unwrap();
        let back = house.decide(&begun.redirect_url, "", None).await.unwrap();
        let callback = house.callback(&back, &principal, Actor::User(user));
        assert!(matches!(house.engine.finish(callback.clone()).await, Ok(Finished::Connected { .. })));
        let calls = house.faults().stats().token.calls;
        assert_eq!(problem(house.engine.finish(callback).await), StateProblem::Used);
        assert_eq!(connections(&house).await, 1);
        assert_eq!(house.faults().stats().token.calls, calls, "the code is not even tried");
    }
}

#[tokio::test]
async fn whoever_comes_back_must_have_begun_in_time() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let (principal, begun) = house.begin(user, &[]).await.unwrap();
        let back = house.decide(&begun.redirect_url, "", None).await.unwrap();
        let callback = house.callback(&back, &principal, Actor::User(user));

        let thief = Principal::Session(house.test.db.random().id(house.now()));
        let stolen = house.callback(&back, &thief, Actor::User(user));
        assert_eq!(problem(house.engine.finish(stolen).await), StateProblem::Foreign);
        let made_up = engine::Callback { state: Some(Secret::new("made up")), ..callback.clone() };
        assert_eq!(problem(house.engine.finish(made_up).await), StateProblem::Unknown);
        let elsewhere = engine::Callback { provider: "whoop".to_owned(), ..callback.clone() };
        assert_eq!(problem(house.engine.finish(elsewhere).await), StateProblem::Unknown);
        house.clock.turn(10 * MINUTE);
        assert_eq!(problem(house.engine.finish(callback).await), StateProblem::Expired);

        assert_eq!(connections(&house).await, 0);
        assert_eq!(house.faults().stats().token.calls, 0);
        assert_eq!(status(&house, user).await.unwrap().state, "not_connected");
    }
}

#[tokio::test]
async fn a_way_back_with_nothing_stores_nothing() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let (principal, begun) = house.begin(user, &[]).await.unwrap();
        let back = house.decide(&begun.redirect_url, "", None).await.unwrap();
        let callback = house.callback(&back, &principal, Actor::User(user));
        let empty = engine::Callback { code: None, ..callback };
        assert_eq!(problem(house.engine.finish(empty).await), StateProblem::Empty);
        assert_eq!(connections(&house).await, 0);
    }
}

#[tokio::test]
async fn a_person_may_say_no() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let (principal, begun) = house.begin(user, &[]).await.unwrap();
        let back = house.decide(&begun.redirect_url, "", None).await.unwrap();
        let callback = house.callback(&back, &principal, Actor::User(user));
        let denied = engine::Callback { code: None, error: Some("access_denied".to_owned()), ..callback };
        let finished = house.engine.finish(denied).await.unwrap();
        assert!(matches!(finished, Finished::Denied { link_return: None }), "{finished:?}");
        assert_eq!(connections(&house).await, 0);
    }
}

#[tokio::test]
async fn a_code_that_the_provider_refuses_stores_nothing() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let (principal, begun) = house.begin(user, &[]).await.unwrap();
        let back = house.decide(&begun.redirect_url, "", None).await.unwrap();
        let callback = house.callback(&back, &principal, Actor::User(user));
        let wrong = engine::Callback { code: Some(Secret::new("wrong")), ..callback };
        assert!(matches!(house.engine.finish(wrong).await, Err(Error::Refused(_))));
        assert_eq!(connections(&house).await, 0);
    }
}

#[tokio::test]
async fn fewer_scopes_than_asked_is_normal() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.round_trip(user, &[], "", Some("daily heartrate personal")).await.unwrap();
        house.engine.run_due().await.unwrap();
        let status = status(&house, user).await.unwrap();
        let missing: Vec<_> = status.scopes_missing.iter().map(String::as_str).collect();
        assert_eq!(
            missing,
            ["email", "heart_health", "ring_configuration", "session", "spo2", "stress", "tag", "workout"]
        );
        assert_eq!((status.connected, &status.last_error), (true, &None));
        assert!(status.counts["daily_sleep"] >= 30 && status.counts["heartrate"] > 0);
        assert_eq!(status.coverage["daily_spo2"].missing_scope.as_deref(), Some("spo2"));
        let stats = house.faults().stats();
        assert_eq!(stats.requests_to("/v2/usercollection/daily_spo2"), 0);
        assert_eq!(stats.token.calls, 1, "only the code was exchanged");
    }
}

#[tokio::test]
async fn a_scope_that_turns_out_to_be_missing_never_causes_a_refresh() {
    for database in Engine::all() {
        let plan = Plan {
            manifest: |manifest| {
                for collection in manifest.collections.iter_mut().filter(|known| known.scope == "spo2") {
                    collection.scope.clear();
                }
            },
            ..Plan::default()
        };
        let house = House::planned(database, plan).await.unwrap();
        let (user, _) = connected(&house).await.unwrap();
        let outcome = sync(&house, user, 5, "all").await.unwrap();
        assert_eq!((outcome.success, outcome.synced.counts["daily_sleep"]), (true, 5));
        let status = status(&house, user).await.unwrap();
        assert!(status.connected && status.scopes_missing.contains("spo2"), "{status:?}");
        let stats = house.faults().stats();
        assert_eq!(stats.requests["/v2/usercollection/daily_spo2"]["401"], 2);
        assert_eq!(stats.token.calls, 1, "only the code was exchanged");
        assert!(house.engine.provider(OURA).is_ok());
    }
}

//! What providers are asked to tell of, and how what they have is kept as we want it.

use engine::Error;
use model::{Actor, ListeningState, SubscriptionState};
use providers::Error as Trouble;
use testkit::{Engine, House, Plan, count, run};

use crate::{
    office::{HERE, Office},
    people::{HOUR, MINUTE, OURA, connected_to, status},
};

const FEW: &[&str] = &["sleep_score"];
const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// How much a provider can tell of.
fn all(house: &House) -> usize {
    let manifest = house.engine.provider(OURA).unwrap().manifest();
    let told = manifest.collections.iter().filter(|collection| collection.notices.is_some()).count();
    told * manifest.webhooks.as_ref().unwrap().operations.len()
}

async fn state(house: &House) -> ListeningState {
    house.engine.listening(OURA).await.unwrap().state
}

async fn subscribed(house: &House, state: SubscriptionState) -> usize {
    let subscriptions = house.engine.subscriptions(OURA).await.unwrap();
    subscriptions.into_iter().filter(|subscription| subscription.state == state).count()
}

#[tokio::test]
async fn whoever_connects_first_makes_us_listen_and_whoever_goes_last_ends_it() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let stranger = office.add_stranger("meal");
        house.engine.run_due().await.unwrap();
        assert_eq!((state(&house).await, office.asked("")), (ListeningState::Idle, 0));

        let (ada, _) = connected_to(&house, FEW).await.unwrap();
        assert_eq!(state(&house).await, ListeningState::Active);
        assert_eq!((office.asked("create"), office.leading_to(HERE)), (all(&house), all(&house)));
        let one = house.engine.subscriptions(OURA).await.unwrap().remove(0);
        assert_eq!(one.key.callback_url, format!("{HERE}api/v1/integrations/oura/webhook"));
        assert!(one.expires_at > Some(house.now()) && one.checked_at == Some(house.now()));

        let (ben, _) = connected_to(&house, FEW).await.unwrap();
        assert_eq!(office.asked("create"), 0, "it is the application's, not a person's");
        house.engine.disconnect(&Actor::User(ada), ada, OURA, false).await.unwrap();
        house.engine.run_due().await.unwrap();
        assert_eq!(office.leading_to(HERE), all(&house));
        house.engine.disconnect(&Actor::User(ben), ben, OURA, false).await.unwrap();
        house.engine.run_due().await.unwrap();
        assert_eq!(office.open().subscriptions, [stranger], "another's is left alone");
        assert_eq!(state(&house).await, ListeningState::Idle);
        assert!(house.engine.subscriptions(OURA).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_fails_keeps_nothing_else_and_is_tried_again() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        office.refuse("create workout", || Trouble::Malformed("no subscription".into()));
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        assert_eq!(state(&house).await, ListeningState::Partial);
        assert_eq!(office.leading_to(HERE), all(&house) - 3);
        assert_eq!(subscribed(&house, SubscriptionState::Failed).await, 3);
        let why = house.engine.listening(OURA).await.unwrap().why.unwrap();
        assert!(why.starts_with("workout create: ") && why.contains("no subscription"), "{why}");
        assert_eq!(status(&house, user).await.unwrap().listening.unwrap().how, "webhooks");

        office.asked("");
        house.clock.turn(MINUTE);
        house.engine.run_due().await.unwrap();
        assert_eq!(office.asked("create"), 3, "only what failed");
        let failed = house.engine.subscriptions(OURA).await.unwrap();
        let failed = failed.into_iter().find(|it| it.state == SubscriptionState::Failed).unwrap();
        assert_eq!(failed.tries, 2);
        assert!(failed.retry_at.unwrap().duration_since(house.now()).as_secs() >= 60, "later each time");
        office.recover();
        house.clock.turn(2 * MINUTE);
        house.engine.run_due().await.unwrap();
        assert_eq!((state(&house).await, office.leading_to(HERE)), (ListeningState::Active, all(&house)));
        assert_eq!(house.engine.listening(OURA).await.unwrap().why, None);
    }
}

#[tokio::test]
async fn what_somebody_else_has_is_told_and_not_fought() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let stranger = office.add_stranger("sleep");
        connected_to(&house, FEW).await.unwrap();
        assert_eq!(state(&house).await, ListeningState::Partial);
        assert_eq!(subscribed(&house, SubscriptionState::Taken).await, 1);
        office.asked("");
        house.clock.turn(11 * HOUR);
        house.engine.run_due().await.unwrap();
        assert_eq!(office.asked("create") + office.asked("delete"), 0);
        office.open().subscriptions.retain(|it| *it != stranger);
        house.clock.turn(HOUR + 5 * MINUTE);
        house.engine.run_due().await.unwrap();
        assert_eq!(state(&house).await, ListeningState::Active);
    }
}

#[tokio::test]
async fn a_provider_out_of_reach_is_not_asked_for_everything() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        office.refuse("create", || Trouble::Unavailable("the challenge was not answered".into()));
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        assert_eq!((office.asked("create"), state(&house).await), (3, ListeningState::Failed));
        assert_eq!(subscribed(&house, SubscriptionState::Failed).await, all(&house));
        let hearing = status(&house, user).await.unwrap().listening.unwrap();
        assert!(hearing.how == "polling" && hearing.words.contains("the challenge was not answered"), "{hearing:?}");

        office.recover();
        office.refuse("list", || Trouble::Unavailable("status 503".into()));
        for _ in 0..3 {
            house.clock.turn(10 * MINUTE);
            house.engine.run_due().await.unwrap();
        }
        assert!(office.asked("list") >= 2 && office.asked("create") == 0);
        office.recover();
        house.clock.turn(10 * MINUTE);
        house.engine.run_due().await.unwrap();
        assert_eq!(state(&house).await, ListeningState::Active, "it recovers by itself");
    }
}

#[tokio::test]
async fn a_subscription_is_renewed_well_before_it_ends() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        connected_to(&house, FEW).await.unwrap();
        run(&house.test, "delete from jobs where type <> 'reconcile'").await.unwrap();
        for _ in 0..75 {
            house.clock.turn(DAY);
            house.engine.run_due().await.unwrap();
        }
        assert_eq!(office.asked("renew"), 0);
        office.refuse("renew s1", || Trouble::Malformed("no subscription".into()));
        house.clock.turn(DAY + HOUR);
        house.engine.run_due().await.unwrap();
        assert!(office.asked("renew") >= all(&house));
        assert_eq!(subscribed(&house, SubscriptionState::Active).await, all(&house), "what is not renewed serves on");
        office.recover();
        house.clock.turn(DAY);
        house.engine.run_due().await.unwrap();
        let subscriptions = house.engine.subscriptions(OURA).await.unwrap();
        assert!(subscriptions.iter().all(|it| it.last_error.is_none() && it.renewed_at.is_some()), "{subscriptions:?}");
    }
}

#[tokio::test]
async fn what_is_not_on_record_is_adopted_and_what_is_gone_is_made_anew() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        connected_to(&house, FEW).await.unwrap();
        office.asked("");
        // As a process leaves it that is killed before it can write down what came of asking.
        run(&house.test, "delete from subscriptions where data_type = 'sleep'").await.unwrap();
        office.open().subscriptions.retain(|it| it.data_type != "workout");
        house.clock.turn(12 * HOUR + MINUTE);
        house.engine.run_due().await.unwrap();
        assert_eq!((office.asked("create workout"), office.asked("create"), office.asked("delete")), (3, 0, 0));
        assert_eq!(subscribed(&house, SubscriptionState::Active).await, all(&house));
        let has = |id: &str| office.open().subscriptions.iter().any(|it| it.provider_id == id);
        let on_record = house.engine.subscriptions(OURA).await.unwrap();
        assert!(on_record.iter().all(|it| it.provider_id.as_deref().is_some_and(has)));
    }
}

#[tokio::test]
async fn a_new_address_takes_the_place_of_the_old_one() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let stranger = office.add_stranger("meal");
        let stop = tokio_util::sync::CancellationToken::new();
        let starting = |engine: engine::Engine| {
            let stop = stop.child_token();
            async move {
                let working = tokio::spawn({
                    let (engine, stop) = (engine.clone(), stop.clone());
                    async move { engine.work(stop).await }
                });
                while engine.listening(OURA).await.unwrap().state != ListeningState::Active
                    || engine.listening(OURA).await.unwrap().reconciled_at != Some(engine.clock().now())
                {
                    tokio::task::yield_now().await;
                }
                stop.cancel();
                working.await.unwrap();
            }
        };
        let user = house.somebody().await.unwrap().id;
        house.connect_to(user, FEW).await.unwrap();
        starting(house.engine.clone()).await;
        assert_eq!(office.leading_to(HERE), all(&house));
        // What is lost of the record leads to an address of ours all the same.
        run(&house.test, "delete from subscriptions where data_type = 'sleep'").await.unwrap();
        house.clock.turn(MINUTE);
        let there = "http://127.0.0.2/";
        let moved = house.rebuilt(&Plan { public_url: there.to_owned(), ..office.plan() }).await.unwrap();
        starting(moved).await;
        assert_eq!((office.leading_to(HERE), office.leading_to(there)), (0, all(&house)));
        assert!(office.open().subscriptions.contains(&stranger));
        assert_eq!(house.engine.subscriptions(OURA).await.unwrap().len(), all(&house));
    }
}

#[tokio::test]
async fn a_house_that_cannot_be_reached_asks_and_touches_nothing() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        office.asked("");
        let copy =
            house.rebuilt(&Plan { public_url: "http://afferent.test".to_owned(), ..office.plan() }).await.unwrap();
        house.clock.turn(13 * HOUR);
        copy.run_due().await.unwrap();
        assert_eq!(office.asked(""), 0);
        let listening = copy.listening(OURA).await.unwrap();
        assert_eq!(listening.state, ListeningState::Unreachable);
        assert!(listening.why.unwrap().contains("http://afferent.test"));
        let hearing = copy.status(user, OURA).await.unwrap().listening.unwrap();
        assert!(hearing.how == "polling" && hearing.words.contains("cannot reach this server"), "{hearing:?}");
        let readiness = copy.readiness().await;
        let check = readiness.checks.iter().find(|check| check.name == "webhooks:oura").unwrap();
        assert!(!check.ok && !check.required && check.detail.starts_with("unreachable"), "{check:?}");
    }
}

#[tokio::test]
async fn a_probe_that_does_not_reach_us_ends_nothing() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        connected_to(&house, FEW).await.unwrap();
        office.refuse("probe", || Trouble::Unavailable("status 500".into()));
        office.refuse("create", || Trouble::Unavailable("status 500".into()));
        office.asked("");
        house.clock.turn(MINUTE);
        house.engine.ask_reconcile(OURA, true).await.unwrap();
        house.engine.run_due().await.unwrap();
        assert_eq!((office.asked("probe"), office.asked("delete")), (3, 0), "three say enough");
        assert_eq!((office.leading_to(HERE), state(&house).await), (all(&house), ListeningState::Active));
        let subscriptions = house.engine.subscriptions(OURA).await.unwrap();
        let failed: Vec<_> = subscriptions.iter().filter(|it| it.last_error.is_some()).collect();
        assert!(failed.len() == 3 && failed.iter().all(|it| it.retry_at > Some(house.now())), "{failed:?}");

        office.recover();
        office.refuse("probe", || Trouble::Unauthorized);
        house.clock.turn(MINUTE);
        house.engine.ask_reconcile(OURA, true).await.unwrap();
        house.engine.run_due().await.unwrap();
        assert_eq!((office.asked("delete"), office.leading_to(HERE)), (0, all(&house)));

        office.recover();
        house.clock.turn(MINUTE);
        house.engine.ask_reconcile(OURA, true).await.unwrap();
        house.engine.run_due().await.unwrap();
        let subscriptions = house.engine.subscriptions(OURA).await.unwrap();
        assert!(subscriptions.iter().all(|it| it.last_error.is_none()), "{subscriptions:?}");
    }
}

#[tokio::test]
async fn where_nothing_can_reach_polling_is_no_trouble() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        connected_to(&house, FEW).await.unwrap();
        office.asked("");
        let polling = Some(jiff::SignedDuration::from_mins(15));
        let plan = Plan { polling, public_url: "http://afferent.test".to_owned(), ..office.plan() };
        let copy = house.rebuilt(&plan).await.unwrap();
        house.clock.turn(13 * HOUR);
        copy.run_due().await.unwrap();
        let listening = copy.listening(OURA).await.unwrap();
        assert_eq!((listening.state, listening.why), (ListeningState::Polling, None));
        let readiness = copy.readiness().await;
        let check = readiness.checks.iter().find(|check| check.name == "webhooks:oura").unwrap();
        assert!(check.ok, "{check:?}");
        assert_eq!((office.asked(""), office.leading_to(HERE)), (0, all(&house)), "it may be a copy");
    }
}

#[tokio::test]
async fn settings_may_have_everything_asked_for_instead() {
    for database in Engine::all() {
        let office = Office::default();
        let every = jiff::SignedDuration::from_mins(15);
        let house = House::planned(database, Plan { polling: Some(every), ..office.plan() }).await.unwrap();
        let (user, _) = connected_to(&house, &["sleep_score", "vo2_max"]).await.unwrap();
        assert_eq!((office.asked(""), state(&house).await), (0, ListeningState::Polling));
        for round in 2..5 {
            house.clock.turn(16 * MINUTE);
            house.engine.run_due().await.unwrap();
            for path in ["daily_sleep", "vO2_max"] {
                assert_eq!(house.faults().stats().requests_to(&format!("/v2/usercollection/{path}")), round, "{path}");
            }
        }
        assert_eq!(status(&house, user).await.unwrap().listening.unwrap().words, "Oura is asked every 15 minutes.");
    }
}

#[tokio::test]
async fn an_administrator_renews_ends_and_compares_by_hand() {
    for database in Engine::all() {
        let office = Office::default();
        let house = office.house(database).await;
        connected_to(&house, FEW).await.unwrap();
        office.asked("");
        let first = house.engine.subscriptions(OURA).await.unwrap().remove(0);
        house.clock.turn(DAY / 4);
        let renewed = house.engine.renew_subscription(&Actor::Operator, first.id).await.unwrap();
        assert_eq!((renewed.renewed_at, renewed.expires_at > first.expires_at), (Some(house.now()), true));
        house.engine.end_subscription(&Actor::Operator, first.id).await.unwrap();
        assert_eq!(office.leading_to(HERE), all(&house) - 1);
        let gone = house.engine.renew_subscription(&Actor::Operator, first.id).await;
        assert!(matches!(gone, Err(Error::NotFound("subscription"))), "{gone:?}");

        office.refuse("create", || Trouble::Malformed(String::new()));
        house.engine.ask_reconcile(OURA, true).await.unwrap();
        house.engine.run_due().await.unwrap();
        assert_eq!((office.asked("probe"), office.asked("create")), (all(&house) - 1, 1));
        office.recover();
        house.engine.ask_reconcile(OURA, false).await.unwrap();
        house.engine.run_due().await.unwrap();
        assert_eq!((office.asked("probe"), office.asked("create")), (0, 1), "at once, although it had been put off");
        assert_eq!(office.leading_to(HERE), all(&house));
        let waiting = "select count(*) from jobs where type = 'reconcile' and finished_at is null";
        assert_eq!(count(&house.test, waiting).await.unwrap(), 1);
    }
}

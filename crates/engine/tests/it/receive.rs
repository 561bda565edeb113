//! What a provider tells of is asked for and applied, in whatever order and however often it is told.

use model::{ChangeType, DeliveryState, NoticeState, Operation};
use testkit::{Engine, Plan, count};

use crate::{
    people::status,
    told::{SCORES, Told, account_of, scores_of},
};

#[tokio::test]
async fn what_is_told_of_is_fetched_and_applied() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.provider_has(&[("first", "2026-01-24", 75), ("second", "2026-01-25", 85)]);
        told.tell(Operation::Update, "first").await;
        assert_eq!(told.only().await, (DeliveryState::Received, Vec::new()));
        told.work().await;
        assert_eq!(told.scores().await, [("first".into(), 75), ("second".into(), 80)], "the other was not told of");
        assert_eq!(told.changes().await, [ChangeType::Revised]);
        assert_eq!(told.only().await, (DeliveryState::Applied, vec![NoticeState::Applied]));
        let delivery = told.deliveries().await.remove(0);
        let notice = &delivery.notices[0];
        assert_eq!((notice.user_id, notice.object_id.as_deref()), (told.user, Some("first")));
        assert_eq!((notice.collection.as_str(), notice.operation), (SCORES, Operation::Update));
        let bodies = "select count(*) from deliveries where body_sealed is not null";
        assert_eq!(count(&told.house.test, bodies).await.unwrap(), 0, "a body that was split is dropped");
        let raw = "select count(*) from pages where collection = 'daily_sleep'";
        assert_eq!(count(&told.house.test, raw).await.unwrap(), 2, "the answer is kept raw");
    }
}

#[tokio::test]
async fn a_thing_that_is_gone_is_removed_and_one_that_is_still_there_is_not() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.provider_has(&[("second", "2026-01-25", 85)]);
        told.tell(Operation::Delete, "first").await;
        told.tell(Operation::Delete, "second").await;
        told.work().await;
        assert_eq!(told.scores().await, [("second".into(), 85)]);
        assert_eq!(told.changes().await, [ChangeType::Removed, ChangeType::Revised]);
        // What is said to be deleted and still there is asked for twice more: the provider may be behind itself.
        for minutes in [2, 11] {
            told.house.clock.turn(std::time::Duration::from_secs(60 * minutes));
            told.work().await;
        }
        assert_eq!(told.scores().await, [("second".into(), 85)]);
        assert!(told.deliveries().await.iter().all(|delivery| delivery.state == DeliveryState::Applied));
    }
}

#[tokio::test]
async fn order_and_repetition_make_no_difference() {
    use Operation::{Create, Delete, Update};
    for database in Engine::all() {
        let orders: [&[(Operation, &str)]; 4] = [
            &[(Create, "third"), (Update, "third"), (Delete, "first")],
            &[(Delete, "first"), (Update, "third"), (Create, "third")],
            &[(Delete, "third"), (Update, "first"), (Create, "third"), (Delete, "first")],
            &[(Update, "third"), (Update, "third"), (Create, "first"), (Delete, "first"), (Update, "first")],
        ];
        for (at_once, order) in orders.iter().flat_map(|order| [(true, order), (false, order)]) {
            let told = Told::new(database).await;
            told.provider_has(&[("second", "2026-01-25", 80), ("third", "2026-01-26", 90)]);
            for (operation, object) in *order {
                told.tell(*operation, object).await;
                if !at_once {
                    told.work().await;
                }
            }
            told.work().await;
            assert_eq!(told.scores().await, [("second".into(), 80), ("third".into(), 90)], "{order:?}");
            let mut changes = told.changes().await;
            changes.sort();
            assert_eq!(changes, [ChangeType::Added, ChangeType::Removed], "each is told once: {order:?}");
        }
    }
}

#[tokio::test]
async fn a_duplicate_is_dropped_while_its_twin_waits_and_harmless_afterwards() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.tell(Operation::Update, "first").await;
        told.tell(Operation::Update, "first").await;
        assert_eq!(told.unopened().await, 2);
        told.work().await;
        assert_eq!((told.deliveries().await.len(), told.unopened().await), (1, 0));
        told.tell(Operation::Update, "first").await;
        told.work().await;
        assert_eq!((told.asked(), told.changes().await), (2, Vec::new()));
        told.tell(Operation::Create, "first").await;
        told.tell(Operation::Update, "first").await;
        told.work().await;
        assert_eq!(told.asked(), 3, "what is named twice is asked for once");
        assert!(told.deliveries().await.iter().all(|delivery| delivery.state == DeliveryState::Applied));
    }
}

#[tokio::test]
async fn all_whose_account_it_is_are_served() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        let other = told.house.somebody().await.unwrap().id;
        let theirs = told.house.connect_to(other, &["sleep"]).await.unwrap();
        assert_eq!(account_of(&told.house, other, theirs).await, told.account);
        told.work().await;
        told.provider_has(&[("first", "2026-01-24", 71)]);
        told.tell(Operation::Update, "first").await;
        told.work().await;
        for user in [told.user, other] {
            assert_eq!(scores_of(&told.house, user).await[0], ("first".into(), 71));
        }
        let delivery = told.deliveries().await.remove(0);
        let mut users: Vec<_> = delivery.notices.iter().map(|notice| notice.user_id).collect();
        let mut both = [told.user, other];
        users.sort();
        both.sort();
        assert_eq!(users, both);
        assert_eq!(delivery.state, DeliveryState::Applied);
    }
}

#[tokio::test]
async fn what_nobody_consented_to_or_the_provider_did_not_grant_is_left_alone() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.tell_of(&told.account, Operation::Update, "workout", "w").await;
        told.tell_of(&told.account, Operation::Update, "meal", "m").await;
        told.work().await;
        for (delivery, why) in told.deliveries().await.iter().zip(["not consented to", "not collected here"]) {
            assert_eq!((delivery.state, delivery.notices[0].state), (DeliveryState::Applied, NoticeState::Ignored));
            assert_eq!(delivery.notices[0].why.as_deref(), Some(why));
        }
        testkit::run(&told.house.test, "update connections set scopes_granted = 'heartrate'").await.unwrap();
        told.tell(Operation::Update, "first").await;
        told.work().await;
        let last = told.deliveries().await.pop().unwrap();
        assert_eq!(last.notices[0].why.as_deref(), Some("the scope daily was not granted"));
        assert_eq!((last.state, last.notices[0].state), (DeliveryState::Applied, NoticeState::Ignored));
        assert_eq!(told.asked(), 0);
        let status = status(&told.house, told.user).await.unwrap();
        assert_eq!(status.coverage[SCORES].missing_scope.as_deref(), Some("daily"));
    }
}

#[tokio::test]
async fn what_cannot_be_asked_for_by_itself_comes_with_its_days() {
    for database in Engine::all() {
        let plan = Plan {
            manifest: |manifest| manifest.collections.iter_mut().for_each(|collection| collection.documents = false),
            ..Plan::default()
        };
        let told = Told::planned(database, plan).await;
        told.provider_has(&[("first", "2026-01-24", 10), ("second", "2026-01-25", 85), ("third", "2026-01-26", 90)]);
        told.tell(Operation::Update, "third").await;
        told.work().await;
        let expected = [("first".into(), 70), ("second".into(), 85), ("third".into(), 90)];
        assert_eq!(told.scores().await, expected, "two days were asked for");
        assert_eq!(told.only().await.0, DeliveryState::Applied);
        assert_eq!(told.asked(), 0);
    }
}

//! Records that are older than their person, or the server, keeps records are removed, and do not come back by themselves.

use engine::{AuditQuery, Error, Filter, Rules};
use jiff::{ToSpan, civil::Date};
use model::{Action, Actor, ChangeType, ConnectionId, UserId};
use testkit::{Engine, House, Plan, count};

use crate::{
    keep::{keep, pass_days},
    people::{connected_to, log, records, status, sync},
};

const FEW: &[&str] = &["sleep_score"];

/// The days of a person's records, in their order.
async fn days(house: &House, user: UserId) -> Vec<Date> {
    records(house, user).await.unwrap().iter().filter_map(|record| record.record.day).collect()
}

async fn today(house: &House, user: UserId) -> Date {
    house.engine.user(user).await.unwrap().today(house.now())
}

/// A person decides, and what follows from it is done.
async fn decide(house: &House, user: UserId, days: Option<u32>) -> engine::RecordRetention {
    let decided = house.engine.set_retention(&Actor::User(user), user, days).await.unwrap();
    house.engine.run_due().await.unwrap();
    decided
}

#[tokio::test]
async fn what_a_person_no_longer_wants_kept_is_removed_and_told() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let (other, _) = connected_to(&house, FEW).await.unwrap();
        let (before, untouched) = (days(&house, user).await, days(&house, other).await);
        let told = log(&house, user).await.unwrap().len();
        let decided = decide(&house, user, Some(10)).await;
        let keep_from = today(&house, user).await - 10.days();
        assert_eq!((decided.days, decided.server_days, decided.keep_from), (Some(10), None, Some(keep_from)));
        assert_eq!(house.engine.retention(user).await.unwrap(), decided);
        let (kept, gone): (Vec<_>, Vec<_>) = before.into_iter().partition(|day| *day >= keep_from);
        assert!(kept.len() >= 10 && gone.len() >= 10);
        assert_eq!(days(&house, user).await, kept);
        let removed: Vec<_> = log(&house, user).await.unwrap().split_off(told);
        assert!(removed.iter().all(|change| change.change_type == ChangeType::Removed));
        assert_eq!(removed.iter().filter_map(|change| change.day).collect::<Vec<_>>(), gone, "the oldest first");
        assert_eq!(days(&house, other).await, untouched);
        let wanted = AuditQuery { action: Some(Action::RecordsPurged), limit: 10, ..AuditQuery::default() };
        let audited = house.engine.audit(user, &wanted).await.unwrap();
        let detail = format!("{} records of days before {keep_from}", gone.len());
        assert_eq!(audited.iter().map(|entry| entry.detail.clone()).collect::<Vec<_>>(), [Some(detail)]);
        assert!(house.engine.audit(other, &wanted).await.unwrap().is_empty());
        assert!(house.engine.verify_audit(user).await.unwrap().is_ok());
    }
}

/// Whether any raw page speaks of a day.
async fn is_spoken_of(house: &House, user: UserId, connection: ConnectionId, day: Date) -> bool {
    let pages = house.test.db.read().await.unwrap().pages(user, connection, -1, 1000).await.unwrap();
    let spoken = format!("\"day\":\"{day}\"");
    let bodies = pages.into_iter().filter_map(|page| page.body);
    bodies.map(|body| String::from_utf8(body).unwrap().replace(' ', "")).any(|body| body.contains(&spoken))
}

#[tokio::test]
async fn no_raw_page_speaks_of_what_was_purged() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        // The provider is asked for activity of a day more than is wanted.
        let (user, connection) = connected_to(&house, &["activity"]).await.unwrap();
        let before = days(&house, user).await;
        assert!(is_spoken_of(&house, user, connection, before[0]).await);
        let first = decide(&house, user, Some(10)).await.keep_from.unwrap();
        let kept = days(&house, user).await;
        assert!(kept.len() >= 9 && kept.len() < before.len());
        for round in ["purged", "asked for", "kept"] {
            for day in before.iter().filter(|day| **day < first) {
                assert!(!is_spoken_of(&house, user, connection, *day).await, "{round}: {day}");
            }
            assert!(sync(&house, user, 30, "all").await.unwrap().success);
            keep(&house).await;
        }
        assert!(sync(&house, user, 5, "all").await.unwrap().success);
        assert!(is_spoken_of(&house, user, connection, *kept.last().unwrap()).await, "of the rest they do");
        let rederived = house.engine.rederive(user, true).await.unwrap();
        assert!(rederived.differences.is_empty(), "{rederived:?}");
        assert!(!rederived.without_raw.is_empty() && rederived.without_raw.len() < kept.len(), "{rederived:?}");
        assert_eq!(days(&house, user).await, kept);
    }
}

#[tokio::test]
async fn what_was_purged_does_not_come_back_by_itself() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        decide(&house, user, Some(10)).await;
        let kept = days(&house, user).await;
        let outcome = sync(&house, user, 30, "all").await.unwrap();
        assert!(outcome.success);
        assert_eq!(days(&house, user).await, kept, "it is not asked for");
        let rederived = house.engine.rederive(user, true).await.unwrap();
        assert!(rederived.differences.is_empty(), "{:?}", rederived.differences);
        keep(&house).await;
        assert!(house.engine.rederive(user, true).await.unwrap().differences.is_empty());
        // Even when the wish is given up, an old page brings nothing back.
        decide(&house, user, None).await;
        assert!(house.engine.rederive(user, true).await.unwrap().differences.is_empty());
        assert_eq!(days(&house, user).await, kept);
        assert!(sync(&house, user, 30, "all").await.unwrap().success);
        let back = days(&house, user).await;
        assert!(back.len() > kept.len(), "but the provider does");
        let rederived = house.engine.rederive(user, true).await.unwrap();
        assert!(rederived.differences.is_empty() && rederived.without_raw.is_empty(), "{rederived:?}");
    }
}

#[tokio::test]
async fn records_grow_old_day_by_day_and_nothing_of_them_remains() {
    for database in Engine::all() {
        let rules = Rules { event_days: Some(30), record_days: Some(10) };
        let house = House::planned(database, Plan { rules, ..Plan::default() }).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let all = days(&house, user).await;
        assert!(all.len() > 25, "what was there before the rule is known stays until the house is kept");
        keep(&house).await;
        let first = today(&house, user).await - 10.days();
        assert_eq!(days(&house, user).await.first(), Some(&first));
        pass_days(&house, 3);
        keep(&house).await;
        assert_eq!(days(&house, user).await.first(), Some(&(first + 3.days())));
        let tombstones = "select count(*) from records where removed_at is not null";
        assert!(count(&house.test, tombstones).await.unwrap() > 0);
        pass_days(&house, 20);
        keep(&house).await;
        assert!(days(&house, user).await.is_empty());
        assert_eq!(count(&house.test, "select count(*) from pages").await.unwrap(), 0, "raw pages go with them");
        pass_days(&house, 31);
        keep(&house).await;
        assert_eq!(count(&house.test, "select count(*) from records").await.unwrap(), 0);
        assert_eq!(status(&house, user).await.unwrap().state, "active", "the connection is not affected");
    }
}

#[tokio::test]
async fn the_stricter_of_two_rules_counts() {
    for database in Engine::all() {
        let rules = Rules { record_days: Some(10), ..Rules::default() };
        let house = House::planned(database, Plan { rules, ..Plan::default() }).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let today = today(&house, user).await;
        for (wish, counts) in [(Some(20), 10), (Some(5), 5), (None, 10)] {
            let decided = decide(&house, user, wish).await;
            assert_eq!((decided.days, decided.server_days), (wish, Some(10)));
            assert_eq!(decided.keep_from, Some(today - i64::from(counts).days()));
            sync(&house, user, 30, "all").await.unwrap();
            assert_eq!(days(&house, user).await.first(), Some(&(today - i64::from(counts).days())));
        }
    }
}

#[tokio::test]
async fn a_wish_is_checked_and_on_record() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        for days in [0, 40_000] {
            let refused = house.engine.set_retention(&Actor::User(user), user, Some(days)).await;
            assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        }
        decide(&house, user, Some(365)).await;
        let wanted = AuditQuery { action: Some(Action::SettingsChanged), limit: 10, ..AuditQuery::default() };
        let audited = house.engine.audit(user, &wanted).await.unwrap();
        assert_eq!(audited.len(), 1);
        assert_eq!(audited[0].detail.as_deref(), Some("records kept for 365 days"));
    }
}

#[tokio::test]
async fn readers_of_the_log_can_follow_a_purge_after_it_was_pruned() {
    for database in Engine::all() {
        let rules = Rules { record_days: Some(10), ..Rules::default() };
        let house = House::planned(database, Plan { rules, ..Plan::default() }).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let head = house.engine.head(user).await.unwrap();
        pass_days(&house, 31);
        keep(&house).await;
        let (events, ..) = house.engine.events(user, None, &Filter::default(), head, 1000).await.unwrap();
        assert_eq!(i64::try_from(events.len()).unwrap(), house.engine.head(user).await.unwrap() - head);
        assert!(events.iter().all(|event| event.change_type == ChangeType::Removed));
        assert!(records(&house, user).await.unwrap().is_empty());
    }
}

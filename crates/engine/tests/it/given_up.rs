//! What cannot be opened, matched or fetched is kept, tried again, given up in the end, and replayed.

use model::{Action, Actor, DeliveryState, NoticeState, Operation};
use sandbox::{Fault, FaultKind};
use store::AuditQuery;
use testkit::{Engine, SignedDelivery, count, run};

use crate::{
    keep::keep,
    people::{HOUR, MINUTE, OURA},
    told::{DOCUMENTS, SCORES, Told, accept, account_of},
};

#[tokio::test]
async fn an_unknown_account_is_kept_until_somebody_has_it() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.house.engine.disconnect(&Actor::User(told.user), told.user, OURA, false).await.unwrap();
        told.tell(Operation::Update, "first").await;
        told.work().await;
        assert_eq!(told.only().await, (DeliveryState::Unmatched, Vec::new()));
        let again = told.house.connect_to(told.user, &["sleep"]).await.unwrap();
        assert_eq!(account_of(&told.house, told.user, again).await, told.account);
        told.provider_has(&[("first", "2026-01-24", 71)]);
        let id = told.deliveries().await[0].id;
        told.house.engine.replay(&Actor::Operator, id).await.unwrap();
        told.work().await;
        assert_eq!(told.only().await, (DeliveryState::Applied, vec![NoticeState::Applied]));
        assert_eq!(told.scores().await, [("first".into(), 71)]);
    }
}

#[tokio::test]
async fn what_is_not_understood_is_kept_as_it_is() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        let odd = SignedDelivery::signing(b"{\"event_type\":\"hello\"}", told.house.now());
        accept(&told.house.engine, &odd).await.unwrap();
        told.tell(Operation::Update, "first").await;
        told.work().await;
        let deliveries = told.deliveries().await;
        assert_eq!(deliveries[1].state, DeliveryState::Applied, "others go on");
        assert_eq!((deliveries[0].state, deliveries[0].notices.len()), (DeliveryState::Dead, 0));
        assert!(deliveries[0].why.as_deref().unwrap().contains("could not be read"), "{deliveries:?}");
        assert_eq!(told.house.engine.replay_dead(&Actor::Operator).await.unwrap(), (1, 0));
        assert_eq!(told.deliveries().await[0].state, DeliveryState::Received);
        told.work().await;
        assert_eq!(told.deliveries().await[0].state, DeliveryState::Dead);
    }
}

#[tokio::test]
async fn trouble_that_passes_is_waited_out() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.provider_has(&[("first", "2026-01-24", 71)]);
        told.house.faults().inject(Fault::of(FaultKind::Error).on(DOCUMENTS).times(1_000_000));
        told.tell(Operation::Update, "first").await;
        for _ in 0..30 {
            told.house.while_time_passes(told.house.engine.run_due()).await.unwrap();
            told.house.clock.turn(HOUR);
            assert_eq!(told.only().await, (DeliveryState::Waiting, vec![NoticeState::Waiting]));
        }
        assert!(told.deliveries().await[0].notices[0].why.as_deref().unwrap().contains("500"));
        let tries = told.asked();
        assert!((6..60).contains(&tries), "it is left in peace: {tries}");
        told.house.faults().clear();
        told.house.clock.turn(6 * HOUR);
        told.work().await;
        assert_eq!(told.only().await.0, DeliveryState::Applied);
        assert_eq!(told.scores().await[0], ("first".into(), 71));
    }
}

#[tokio::test]
async fn what_comes_in_the_meantime_need_not_wait() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.provider_has(&[("first", "2026-01-24", 71), ("second", "2026-01-25", 81)]);
        told.house.faults().inject(Fault::of(FaultKind::Error).on(&format!("{DOCUMENTS}/first")).times(3));
        told.tell(Operation::Update, "first").await;
        told.house.while_time_passes(told.house.engine.run_due()).await.unwrap();
        assert_eq!(told.only().await.0, DeliveryState::Waiting);
        told.tell(Operation::Update, "second").await;
        told.work().await;
        assert_eq!(told.scores().await, [("first".into(), 70), ("second".into(), 81)]);
        told.house.clock.turn(MINUTE);
        told.work().await;
        assert_eq!(told.scores().await, [("first".into(), 71), ("second".into(), 81)]);
    }
}

#[tokio::test]
async fn trouble_that_lasts_ends_as_a_dead_letter_that_can_be_replayed() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.provider_has(&[("first", "2026-01-24", 71)]);
        told.house.faults().inject(Fault::of(FaultKind::Error).on(DOCUMENTS).times(1_000_000));
        told.tell(Operation::Update, "first").await;
        for _ in 0..12 {
            told.house.while_time_passes(told.house.engine.run_due()).await.unwrap();
            told.house.clock.turn(6 * HOUR);
        }
        assert_eq!(told.only().await, (DeliveryState::Dead, vec![NoticeState::Dead]));
        let delivery = told.deliveries().await.remove(0);
        assert!(delivery.why.is_some() && delivery.settled_at.is_some());
        told.house.faults().clear();
        told.house.engine.replay(&Actor::Operator, delivery.id).await.unwrap();
        assert_eq!(told.only().await, (DeliveryState::Waiting, vec![NoticeState::Waiting]));
        told.work().await;
        assert_eq!(told.only().await, (DeliveryState::Applied, vec![NoticeState::Applied]));
        assert_eq!(told.scores().await[0], ("first".into(), 71));
        let wanted = AuditQuery { action: Some(Action::DeliveryReplayed), limit: 10, ..AuditQuery::default() };
        let entries = told.house.engine.audit(told.user, &wanted).await.unwrap();
        assert_eq!(entries.len(), 1, "the person can see who had it done again");
        assert_eq!(told.house.engine.replay_dead(&Actor::Operator).await.unwrap(), (0, 0));
    }
}

#[tokio::test]
async fn what_is_replayed_late_survives_trouble_that_passes() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.provider_has(&[("first", "2026-01-24", 71)]);
        told.house.faults().inject(Fault::of(FaultKind::Error).on(DOCUMENTS).times(1_000_000));
        told.tell(Operation::Update, "first").await;
        while told.only().await.0 != DeliveryState::Dead {
            told.house.while_time_passes(told.house.engine.run_due()).await.unwrap();
            told.house.clock.turn(6 * HOUR);
        }
        told.house.engine.replay(&Actor::Operator, told.deliveries().await[0].id).await.unwrap();
        told.house.while_time_passes(told.house.engine.run_due()).await.unwrap();
        assert_eq!(told.only().await.0, DeliveryState::Waiting, "one more failure is not its end");
        told.house.faults().clear();
        told.house.clock.turn(HOUR);
        told.work().await;
        assert_eq!(told.only().await.0, DeliveryState::Applied);
    }
}

#[tokio::test]
async fn a_deletion_that_does_not_show_yet_is_waited_for() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.tell(Operation::Delete, "first").await;
        told.work().await;
        assert_eq!((told.only().await.0, told.asked()), (DeliveryState::Waiting, 1));
        told.provider_has(&[("second", "2026-01-25", 80)]);
        told.house.clock.turn(MINUTE);
        told.work().await;
        assert_eq!((told.only().await.0, told.asked()), (DeliveryState::Applied, 1));
        assert_eq!(told.scores().await, [("second".into(), 80)]);
        told.tell(Operation::Delete, "second").await;
        for lag in [MINUTE, 10 * MINUTE] {
            told.work().await;
            told.house.clock.turn(lag);
        }
        told.work().await;
        assert_eq!(told.asked(), 4, "it is there indeed");
        assert!(told.deliveries().await.iter().all(|delivery| delivery.state == DeliveryState::Applied));
    }
}

#[tokio::test]
async fn who_does_not_connect_again_is_not_waited_for_without_end() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        run(&told.house.test, "update connections set state = 'needs_consent', reason = 'refused'").await.unwrap();
        told.tell(Operation::Update, "first").await;
        told.work().await;
        for (hours, state) in [(47, NoticeState::Waiting), (2, NoticeState::Ignored)] {
            told.house.clock.turn(hours * HOUR);
            keep(&told.house).await;
            assert_eq!(told.only().await.1, [state], "after {hours} h more");
        }
        assert_eq!(told.only().await.0, DeliveryState::Applied);
    }
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_given_up_soon() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.tell(Operation::Update, "we!rd").await;
        let mut rounds = 0;
        while told.only().await.0 != DeliveryState::Dead {
            told.work().await;
            told.house.clock.turn(10 * MINUTE);
            rounds += 1;
        }
        assert_eq!((rounds, told.asked()), (5, 0));
        assert!(told.deliveries().await[0].why.as_deref().unwrap().contains("no document"));
    }
}

#[tokio::test]
async fn who_must_connect_again_is_attended_to_then() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.provider_has(&[("first", "2026-01-24", 71), ("second", "2026-01-25", 80)]);
        run(&told.house.test, "update connections set state = 'needs_consent', reason = 'refused'").await.unwrap();
        told.tell(Operation::Update, "first").await;
        told.work().await;
        told.house.clock.turn(5 * HOUR);
        told.work().await;
        assert_eq!(told.only().await, (DeliveryState::Waiting, vec![NoticeState::Waiting]));
        let again = told.house.connect_to(told.user, &["sleep"]).await.unwrap();
        assert_eq!(again, told.connection);
        told.work().await;
        assert_eq!(told.only().await, (DeliveryState::Applied, vec![NoticeState::Applied]));
        assert_eq!(told.asked(), 1);
    }
}

#[tokio::test]
async fn notices_go_with_their_connection() {
    for database in Engine::all() {
        for preserve in [false, true] {
            let told = Told::new(database).await;
            run(&told.house.test, "update connections set state = 'needs_consent', reason = 'refused'").await.unwrap();
            told.tell(Operation::Update, "first").await;
            told.work().await;
            told.house.engine.disconnect(&Actor::User(told.user), told.user, OURA, preserve).await.unwrap();
            assert_eq!(told.only().await, (DeliveryState::Applied, Vec::new()), "nothing is left to be done");
            assert_eq!(count(&told.house.test, "select count(*) from notices").await.unwrap(), 0);
            let id = told.deliveries().await[0].id;
            assert!(told.house.engine.replay(&Actor::Operator, id).await.is_err(), "nothing is left to be replayed");
        }
    }
}

#[tokio::test]
async fn one_that_cannot_be_opened_keeps_no_other_closed() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.provider_has(&[("first", "2026-01-24", 71), ("second", "2026-01-25", 81)]);
        told.tell(Operation::Update, "first").await;
        told.tell(Operation::Update, "second").await;
        told.lay_out().await;
        // Moved from one row to another, a body does not open.
        let ids: Vec<_> = told.deliveries().await.iter().map(|delivery| delivery.id).collect();
        let moved = format!(
            "update deliveries set body_sealed = (select body_sealed from deliveries where id = '{}') where id = '{}'",
            ids[1], ids[0]
        );
        run(&told.house.test, moved).await.unwrap();
        told.work().await;
        let deliveries = told.deliveries().await;
        assert_eq!((deliveries[0].state, deliveries[1].state), (DeliveryState::Dead, DeliveryState::Applied));
        assert!(deliveries[0].why.as_deref().unwrap().contains("does not open"), "{deliveries:?}");
        assert_eq!(told.scores().await, [("first".into(), 70), ("second".into(), 81)]);
    }
}

#[tokio::test]
async fn a_row_in_disorder_is_tried_by_itself_and_given_up() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.tell(Operation::Update, "first").await;
        told.tell(Operation::Update, "second").await;
        told.lay_out().await;
        let first = told.deliveries().await[0].id;
        run(&told.house.test, format!("update deliveries set receive_day = 'odd' where id = '{first}'")).await.unwrap();
        run(&told.house.test, "insert into receive_keys (day, master_key_id, key_sealed) values ('odd', 'test', '')")
            .await
            .unwrap();
        for _ in 0..8 {
            told.work().await;
            told.house.clock.turn(HOUR);
        }
        let states: Vec<_> = told.deliveries().await.iter().map(|delivery| delivery.state).collect();
        assert_eq!(states, [DeliveryState::Dead, DeliveryState::Applied]);
        assert_eq!(SCORES, told.deliveries().await[1].notices[0].collection);
    }
}

/// Nothing of what a delivery speaks of can be read without its key.
#[tokio::test]
async fn neither_accounts_nor_objects_are_in_the_clear() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        told.tell_of("a-strangers-account", Operation::Update, SCORES, "a-strangers-night").await;
        told.tell_of(&told.account, Operation::Update, "workout", "a-secret-workout").await;
        told.work().await;
        assert_eq!(told.deliveries().await[1].notices[0].object_id.as_deref(), Some("a-secret-workout"));
        for hidden in ["a-strangers-account", "a-strangers-night", "a-secret-workout"] {
            for (table, column) in [("deliveries", "body_sealed"), ("notices", "object_sealed")] {
                assert_eq!(holding(&told, table, column, hidden).await, 0, "{hidden} in {table}");
            }
            if let Some(file) = told.house.test.url.strip_prefix("sqlite:") {
                let bytes = [std::fs::read(file).unwrap(), std::fs::read(format!("{file}-wal")).unwrap()].concat();
                let found = bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes());
                assert!(!found, "{hidden} is in the file");
            }
        }
    }
}

async fn holding(told: &Told, table: &str, column: &str, text: &str) -> i64 {
    let holds = match told.house.test.db.is_embedded() {
        true => format!("instr({column}, cast('{text}' as blob)) > 0"),
        false => format!("position(convert_to('{text}', 'UTF8') in {column}) > 0"),
    };
    let rows = count(&told.house.test, format!("select count(*) from {table} where {column} is not null")).await;
    assert!(rows.unwrap() > 0, "{table} holds something");
    count(&told.house.test, format!("select count(*) from {table} where {holds}")).await.unwrap()
}

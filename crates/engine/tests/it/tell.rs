//! What readers may see, what is put on record, and what is done once.

use engine::{AuditQuery, Error, Filter, Once, RecordQuery};
use model::{Action, Actor, Kind, Secret, Sharing, TokenId, Topic};
use sandbox::{Fault, FaultKind};
use store::Principal;
use testkit::{Engine, House, count};

use crate::people::{HOUR, MINUTE, OURA, connected_to, log, records, status};

/// Enough to tell what happens to data; everything would take longer.
const FEW: &[&str] = &["sleep", "readiness", "activity"];

fn without(topics: &[Topic]) -> Sharing {
    let mut sharing = Sharing::default();
    topics.iter().for_each(|topic| sharing.set(*topic, false));
    sharing
}

#[tokio::test]
async fn of_two_sharings_the_stricter_wins() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let told = async |reader: Option<&Sharing>| {
            let told = house.engine.tell(user, reader).await.unwrap();
            assert_eq!(told.user, user);
            told.context.map(|context| context.to_markdown())
        };
        let everything = told(None).await.unwrap();
        assert!(["Sleep Score", "Readiness Score", "Steps"].iter().all(|label| everything.contains(label)));
        house.engine.set_sharing(&Actor::User(user), user, &without(&[Topic::Sleep])).await.unwrap();
        let text = told(Some(&without(&[Topic::Activity]))).await.unwrap();
        assert!(text.contains("Readiness Score") && !text.contains("Sleep Score") && !text.contains("Steps"), "{text}");
        let query = RecordQuery { limit: 10_000, ..RecordQuery::default() };
        let reader = without(&[Topic::Activity]);
        let seen = house.engine.records(user, Some(&reader), query.clone()).await.unwrap();
        assert!(!seen.is_empty());
        let hidden = |kind: Kind| matches!(kind.topic(), Topic::Sleep | Topic::Activity);
        assert!(!seen.iter().any(|record| hidden(record.kind)));
        let (events, next, head) =
            house.engine.events(user, Some(&reader), &Filter::default(), 0, 100_000).await.unwrap();
        assert!(!events.iter().any(|event| hidden(event.kind)) && next == head && !events.is_empty());
        let sleep = records(&house, user).await.unwrap().into_iter().find(|record| record.kind == Kind::Sleep).unwrap();
        let one = house.engine.record(user, Some(&reader), sleep.id).await;
        assert!(matches!(one, Err(Error::NotFound(_))));
        assert_eq!(house.engine.record(user, None, sleep.id).await.unwrap().id, sleep.id, "one's own is always seen");
        house.engine.set_sharing(&Actor::User(user), user, &Sharing::nothing()).await.unwrap();
        assert_eq!(told(Some(&Sharing::default())).await, None);
        assert!(house.engine.records(user, Some(&Sharing::default()), query).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn nobody_reads_what_is_another_s() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (ada, _) = connected_to(&house, FEW).await.unwrap();
        let ben = house.somebody().await.unwrap().id;
        let of_ada = records(&house, ada).await.unwrap().remove(0);
        assert!(matches!(house.engine.record(ben, None, of_ada.id).await, Err(Error::NotFound(_))));
        assert!(records(&house, ben).await.unwrap().is_empty());
        assert_eq!(log(&house, ben).await.unwrap(), []);
        assert!(house.engine.tell(ben, None).await.unwrap().context.is_none());
    }
}

#[tokio::test]
async fn records_are_read_in_pages() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected_to(&house, FEW).await.unwrap();
        let all: Vec<_> = records(&house, user).await.unwrap().iter().map(|record| record.id).collect();
        let mut read = Vec::new();
        let mut after = None;
        loop {
            let query = RecordQuery { after, limit: 37, ..RecordQuery::default() };
            let page = house.engine.records(user, None, query).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.record.day, last.id));
            read.extend(page.iter().map(|record| record.id));
        }
        assert_eq!(read, all);
    }
}

#[tokio::test]
async fn reads_are_on_record_once_a_minute() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let next_door = house.next_door().await.unwrap();
        let agent = Actor::Token(house.test.db.random().id::<TokenId>(house.now()));
        for _ in 0..2 {
            for engine in [&house.engine, &next_door] {
                for _ in 0..3 {
                    engine.note_read(&agent, user, Action::ContextRead).await.unwrap();
                    engine.note_read(&agent, user, Action::RecordsRead).await.unwrap();
                    engine.note_read(&Actor::User(user), user, Action::RecordsRead).await.unwrap();
                }
            }
            house.clock.turn(MINUTE);
        }
        let entries = house.engine.audit(user, &AuditQuery { limit: 100, ..AuditQuery::default() }).await.unwrap();
        let actions: Vec<_> = entries.iter().rev().map(|entry| entry.action).collect();
        assert_eq!(actions, [Action::ContextRead, Action::RecordsRead, Action::ContextRead, Action::RecordsRead]);
        assert_eq!(house.engine.verify_audit(user).await.unwrap().unwrap(), 4);
    }
}

#[tokio::test]
async fn a_request_with_a_key_is_carried_out_once() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let principal = Principal::Session(house.test.db.random().id(house.now())).to_string();
        let once = Once::new(user, principal.clone(), "key", b"request");
        assert!(house.engine.answered(&once).await.unwrap().is_none());
        let next_door = house.next_door().await.unwrap();
        assert!(matches!(next_door.answered(&once).await, Err(Error::Idempotency(_))), "it is being carried out");
        house.engine.keep_answer(&once, 503, b"not now").await.unwrap();
        assert!(house.engine.answered(&once).await.unwrap().is_none(), "what failed may be tried again");
        house.engine.keep_answer(&once, 202, b"done").await.unwrap();
        assert_eq!(next_door.answered(&once).await.unwrap(), Some((202, b"done".to_vec())));
        let other = Once::new(user, principal, "key", b"another request");
        assert!(matches!(next_door.answered(&other).await, Err(Error::Idempotency(_))));
    }
}

/// A refresh token that an operator could have.
async fn a_refresh_token(house: &House) -> Secret {
    let (ada, connection) = connected_to(house, FEW).await.unwrap();
    let mut tx = house.test.db.read().await.unwrap();
    tx.find_credential(ada, connection, house.now()).await.unwrap().unwrap().refresh.unwrap()
}

#[tokio::test]
async fn an_operator_s_refresh_token_is_used_once() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let refresh = a_refresh_token(&house).await;
        let ben = house.somebody().await.unwrap().id;
        let begun = house.engine.bootstrap(ben, OURA, &refresh).await.unwrap();
        assert!(begun.is_some());
        house.engine.run_due().await.unwrap();
        let status = status(&house, ben).await.unwrap();
        assert_eq!((status.connection_id, status.counts["daily_sleep"] >= 30), (begun, true));
        let calls = house.faults().stats().token.calls;
        assert_eq!(house.engine.bootstrap(ben, OURA, &refresh).await.unwrap(), None);
        assert_eq!(house.faults().stats().token.calls, calls, "the token is not spent a second time");
    }
}

#[tokio::test]
async fn a_stumble_of_the_provider_does_not_cost_an_operator_s_token() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let refresh = a_refresh_token(&house).await;
        let ben = house.somebody().await.unwrap().id;
        house.faults().inject(Fault::of(FaultKind::Error).on("/v2/usercollection/personal_info").times(9));
        let stumbled = house.while_time_passes(house.engine.bootstrap(ben, OURA, &refresh)).await;
        assert!(matches!(stumbled, Err(engine::Error::Unavailable { .. })), "{stumbled:?}");
        assert_eq!(status(&house, ben).await.unwrap().state, "pending");
        house.faults().clear();
        let refreshes = house.faults().stats().refreshes();
        assert!(house.engine.bootstrap(ben, OURA, &refresh).await.unwrap().is_some());
        assert_eq!(house.faults().stats().refreshes(), refreshes, "the stored rotation is gone on with");
        assert_eq!(status(&house, ben).await.unwrap().state, "active");
    }
}

#[tokio::test]
async fn a_process_says_whether_it_can_work() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (_, _) = connected_to(&house, FEW).await.unwrap();
        let well = house.engine.readiness().await;
        let failed = |readiness: &engine::Readiness| -> Vec<String> {
            // A server for tests need not keep what it says across a power cut.
            let failed = readiness.checks.iter().filter(|check| !check.ok && check.name != "durability");
            failed.map(|check| check.name.clone()).collect()
        };
        assert_eq!((well.ready, failed(&well)), (true, vec!["webhooks:oura".to_owned()]), "no provider reaches it");
        house.clock.turn(5 * HOUR);
        let behind = house.engine.readiness().await;
        assert_eq!((behind.ready, failed(&behind).remove(0)), (false, "worker".to_owned()), "the sync is an hour late");
        house.engine.run_due().await.unwrap();
        assert!(!house.engine.readiness().await.ready, "for a moment everybody gets the same answer");
        house.clock.turn(std::time::Duration::from_secs(2));
        assert!(house.engine.readiness().await.ready);
        house.clock.turn(13 * HOUR);
        let silent = house.engine.readiness().await;
        assert!(!silent.checks.iter().find(|check| check.name == "provider:oura").unwrap().ok);
        assert_eq!(count(&house.test, "select count(*) from connections").await.unwrap(), 1);
    }
}

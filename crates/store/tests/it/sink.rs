//! Sinks: whose they are, what is held against them, how far each person's log has been written there.

use std::collections::BTreeSet;

use model::{Audience, ChangeType, Kind, Secret, SinkId, SinkReason, SinkState, UserId};
use store::{Db, Error, NewChange, NewJob, NewSink, Sink, SinkAttempt, Tx, Write};
use testkit::{Engine, TestDb, count};

use crate::{
    connected::connect,
    people::{add, minute},
};

fn new_sink(audience: Audience, keeper: UserId) -> NewSink {
    NewSink {
        sink_type: "webhook",
        audience,
        user_id: keeper,
        token_id: None,
        name: "Bedside".into(),
        kinds: BTreeSet::from([Kind::Sleep, Kind::HeartRate]),
        providers: BTreeSet::from(["oura".to_owned()]),
        settings: Secret::new("https://app.example/hook?key=in-the-url"),
    }
}

async fn people(db: &Db) -> (UserId, UserId) {
    (add(db, "ada@example.org").await.unwrap().id, add(db, "ben@example.org").await.unwrap().id)
}

/// Somebody's log grows by so many changes.
async fn grow(tx: &mut Tx<Write>, user: UserId, changes: usize, at: i64) {
    let change = |_| NewChange {
        change_type: ChangeType::Added,
        record_id: UserId(uuid::Uuid::from_u128(1)).0.into(),
        kind: Kind::Sleep,
        day: None,
    };
    let changes: Vec<_> = (0..changes).map(change).collect();
    let connection = UserId(uuid::Uuid::from_u128(2)).0.into();
    tx.append_changes(user, "oura", connection, &changes, minute(at)).await.unwrap();
}

fn ids(sinks: &[Sink]) -> Vec<SinkId> {
    sinks.iter().map(|sink| sink.id).collect()
}

#[tokio::test]
async fn a_sink_comes_back_as_it_was_made_to_whom_it_belongs() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) = people(&test.db).await;
        let mut tx = test.db.write().await.unwrap();
        let own = tx.add_sink(minute(0), new_sink(Audience::Person(ada), ada)).await.unwrap();
        let of_all = tx.add_sink(minute(1), new_sink(Audience::Everybody, ben)).await.unwrap();
        let kept = tx.sink(Audience::Person(ada), own).await.unwrap();
        let new = new_sink(Audience::Person(ada), ada);
        assert_eq!((kept.name, kept.kinds, kept.providers), (new.name, new.kinds, new.providers));
        assert_eq!((kept.settings, kept.state, kept.reason), (new.settings, SinkState::Active, None));
        assert_eq!((kept.audience, kept.user_id, kept.created_at), (Audience::Person(ada), ada, minute(0)));
        assert_eq!(ids(&tx.sinks(Audience::Person(ada)).await.unwrap()), [own]);
        assert_eq!(ids(&tx.sinks(Audience::Everybody).await.unwrap()), [of_all]);
        assert!(tx.sinks(Audience::Person(ben)).await.unwrap().is_empty());
        for (audience, id) in
            [(Audience::Person(ben), own), (Audience::Everybody, own), (Audience::Person(ben), of_all)]
        {
            assert!(matches!(tx.sink(audience, id).await, Err(Error::NotFound("webhook"))));
            assert!(matches!(tx.delete_sink(audience, id).await, Err(Error::NotFound("webhook"))));
        }
        assert!(tx.find_sink(ben, own).await.unwrap().is_none());
        assert!(tx.find_sink(ada, own).await.unwrap().is_some());
        assert!(tx.find_sink(ada, of_all).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn where_a_sink_leads_is_sealed_in_its_place() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) = people(&test.db).await;
        let mut tx = test.db.write().await.unwrap();
        let id = tx.add_sink(minute(0), new_sink(Audience::Person(ada), ada)).await.unwrap();
        let other = tx.add_sink(minute(0), new_sink(Audience::Person(ada), ada)).await.unwrap();
        tx.commit().await.unwrap();
        let moved = format!(
            "update sinks set settings_sealed = (select settings_sealed from sinks where id = '{id}') where id = '{other}'"
        );
        testkit::run(&test, moved).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        assert!(tx.sink(Audience::Person(ada), id).await.is_ok());
        assert!(matches!(tx.sink(Audience::Person(ada), other).await, Err(Error::Sealed(_))));
        drop(tx);
        testkit::run(&test, format!("update sinks set user_id = '{ben}' where id = '{id}'")).await.unwrap();
        let mut tx = test.db.read().await.unwrap();
        assert!(matches!(tx.sink(Audience::Person(ada), id).await, Err(Error::Sealed(_))), "another's key");
    }
}

#[tokio::test]
async fn only_active_sinks_are_in_use() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) = people(&test.db).await;
        let mut tx = test.db.write().await.unwrap();
        let audience = Audience::Person(ada);
        let own = tx.add_sink(minute(0), new_sink(audience, ada)).await.unwrap();
        let of_all = tx.add_sink(minute(1), new_sink(Audience::Everybody, ben)).await.unwrap();
        let in_use = async |tx: &mut Tx<Write>, user| -> BTreeSet<SinkId> {
            tx.sinks_in_use(user).await.unwrap().into_iter().collect()
        };
        assert_eq!(in_use(&mut tx, ada).await, [own, of_all].into());
        assert_eq!(in_use(&mut tx, ben).await, [of_all].into());
        assert!(tx.stop_sink(audience, own, SinkReason::Gone).await.unwrap());
        assert!(!tx.stop_sink(audience, own, SinkReason::Asked).await.unwrap(), "it is off already");
        let stopped = tx.sink(audience, own).await.unwrap();
        assert_eq!((stopped.state, stopped.reason), (SinkState::Disabled, Some(SinkReason::Gone)));
        assert_eq!(in_use(&mut tx, ada).await, [of_all].into());
        tx.start_sink(audience, own).await.unwrap();
        let started = tx.sink(audience, own).await.unwrap();
        assert_eq!((started.state, started.reason), (SinkState::Active, None));
        assert_eq!(in_use(&mut tx, ada).await, [own, of_all].into());
    }
}

#[tokio::test]
async fn what_is_changed_is_kept() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, _) = people(&test.db).await;
        let mut tx = test.db.write().await.unwrap();
        let id = tx.add_sink(minute(0), new_sink(Audience::Person(ada), ada)).await.unwrap();
        let mut sink = tx.sink(Audience::Person(ada), id).await.unwrap();
        sink.name = "Desk".into();
        sink.kinds.clear();
        sink.providers.clear();
        sink.settings = Secret::new("elsewhere");
        sink.token_id = Some(test.db.random().id(minute(0)));
        tx.change_sink(&sink).await.unwrap();
        let kept = tx.sink(Audience::Person(ada), id).await.unwrap();
        assert_eq!((kept.name, kept.settings, kept.token_id), (sink.name, sink.settings, sink.token_id));
        assert!(kept.kinds.is_empty() && kept.providers.is_empty());
    }
}

#[tokio::test]
async fn failures_side_by_side_count_once_and_a_success_forgives() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, _) = people(&test.db).await;
        let mut tx = test.db.write().await.unwrap();
        let audience = Audience::Person(ada);
        let id = tx.add_sink(minute(0), new_sink(audience, ada)).await.unwrap();
        assert_eq!(tx.sinks_failing_since().await.unwrap(), None);
        assert!(tx.note_refused(id, 0, minute(1), "status 500", minute(6)).await.unwrap());
        assert!(tx.note_refused(id, 0, minute(2), "status 502", minute(9)).await.unwrap());
        let failing = tx.sink(audience, id).await.unwrap();
        assert_eq!((failing.failures, failing.paused_until), (1, minute(6)));
        assert_eq!((failing.failing_since, failing.last_failure_at), (Some(minute(1)), Some(minute(2))));
        assert_eq!(failing.last_error.as_deref(), Some("status 502"));
        assert_eq!(tx.sinks_failing_since().await.unwrap(), Some(minute(1)));
        tx.note_refused(id, 1, minute(6), "status 500", minute(30)).await.unwrap();
        assert_eq!(tx.sink(audience, id).await.unwrap().failures, 2);
        assert!(tx.note_taken(id, minute(30)).await.unwrap());
        let well = tx.sink(audience, id).await.unwrap();
        assert_eq!((well.failures, well.failing_since, well.last_success_at), (0, None, Some(minute(30))));
        assert!(well.paused_until <= minute(0));
        tx.delete_sink(audience, id).await.unwrap();
        assert!(!tx.note_taken(id, minute(31)).await.unwrap());
        assert!(!tx.note_refused(id, 0, minute(31), "", minute(31)).await.unwrap());
    }
}

#[tokio::test]
async fn a_cursor_moves_on_from_where_it_stands_only() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, _) = people(&test.db).await;
        let mut tx = test.db.write().await.unwrap();
        let id = tx.add_sink(minute(0), new_sink(Audience::Person(ada), ada)).await.unwrap();
        let at = async |tx: &mut Tx<Write>| {
            let cursor = tx.sink_cursor(ada, id).await.unwrap();
            (cursor.position, cursor.tries)
        };
        assert_eq!(at(&mut tx).await, (0, 0));
        tx.count_sink_try(ada, id, 0).await.unwrap();
        tx.count_sink_try(ada, id, 0).await.unwrap();
        assert_eq!(at(&mut tx).await, (0, 2));
        assert!(tx.advance_sink(ada, id, 0, 4).await.unwrap());
        assert_eq!(at(&mut tx).await, (4, 0), "what comes next was never tried");
        assert!(!tx.advance_sink(ada, id, 0, 9).await.unwrap(), "it stands elsewhere");
        tx.count_sink_try(ada, id, 3).await.unwrap();
        assert_eq!(at(&mut tx).await, (4, 0));
        tx.rewind_sink(ada, id, 7).await.unwrap();
        assert_eq!(at(&mut tx).await, (4, 0), "back, never on");
        tx.rewind_sink(ada, id, 2).await.unwrap();
        assert_eq!(at(&mut tx).await, (2, 0));
    }
}

#[tokio::test]
async fn a_sink_for_everybody_begins_where_each_log_ends_and_knows_who_is_ahead() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) = people(&test.db).await;
        let mut tx = test.db.write().await.unwrap();
        grow(&mut tx, ada, 3, 0).await;
        let id = tx.add_sink(minute(0), new_sink(Audience::Everybody, ada)).await.unwrap();
        tx.begin_sink_at_heads(id).await.unwrap();
        assert_eq!(tx.sink_lag_of_everybody(id).await.unwrap(), 0);
        assert!(tx.people_behind(id, None, 10).await.unwrap().is_empty());
        grow(&mut tx, ada, 2, 5).await;
        grow(&mut tx, ben, 1, 6).await;
        assert_eq!((tx.sink_lag_of_everybody(id).await.unwrap(), tx.sink_lag(ada, id).await.unwrap()), (3, 2));
        let mut behind = vec![ada, ben];
        behind.sort_unstable();
        assert_eq!(tx.people_behind(id, None, 10).await.unwrap(), behind);
        assert_eq!(tx.people_behind(id, None, 1).await.unwrap(), behind[..1]);
        assert_eq!(tx.people_behind(id, Some(behind[0]), 10).await.unwrap(), behind[1..]);
        tx.advance_sink(ada, id, 3, 5).await.unwrap();
        assert_eq!(tx.people_behind(id, None, 10).await.unwrap(), [ben]);
        tx.rewind_sink_of_everybody(id, minute(5)).await.unwrap();
        assert_eq!(tx.sink_cursor(ada, id).await.unwrap().position, 3);
        tx.rewind_sink_of_everybody(id, minute(6)).await.unwrap();
        assert_eq!(tx.sink_cursor(ada, id).await.unwrap().position, 3, "nothing of hers is as young");
    }
}

#[tokio::test]
async fn the_sink_that_lags_most_says_how_far_a_log_may_be_pruned() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) = people(&test.db).await;
        let mut tx = test.db.write().await.unwrap();
        assert_eq!(tx.sink_positions_floor(ada).await.unwrap(), None);
        let own = tx.add_sink(minute(0), new_sink(Audience::Person(ada), ada)).await.unwrap();
        tx.begin_sink_at(ada, own, 7).await.unwrap();
        assert_eq!(tx.sink_positions_floor(ada).await.unwrap(), Some(7));
        let of_all = tx.add_sink(minute(0), new_sink(Audience::Everybody, ben)).await.unwrap();
        assert_eq!(tx.sink_positions_floor(ada).await.unwrap(), Some(0), "it has not begun");
        tx.advance_sink(ada, of_all, 0, 9).await.unwrap();
        assert_eq!(tx.sink_positions_floor(ada).await.unwrap(), Some(7));
        tx.stop_sink(Audience::Person(ada), own, SinkReason::Failing).await.unwrap();
        assert_eq!(tx.sink_positions_floor(ada).await.unwrap(), Some(9), "what is off holds nothing back");
    }
}

#[tokio::test]
async fn attempts_are_told_the_newest_first_and_go_with_their_sink() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, _) = people(&test.db).await;
        let mut tx = test.db.write().await.unwrap();
        let id = tx.add_sink(minute(0), new_sink(Audience::Person(ada), ada)).await.unwrap();
        let attempt = |at, status: Option<u16>, error: Option<&str>| SinkAttempt {
            user_id: ada,
            at: minute(at),
            message_id: format!("msg_{at}"),
            status,
            error: error.map(str::to_owned),
            millis: 12,
        };
        let told =
            [attempt(1, None, Some("no answer")), attempt(2, Some(500), Some("status")), attempt(3, Some(204), None)];
        for attempt in &told {
            tx.add_sink_attempt(id, attempt).await.unwrap();
        }
        assert_eq!(tx.sink_attempts(id, 2).await.unwrap(), [told[2].clone(), told[1].clone()]);
        assert_eq!(tx.sweep_sink_attempts(minute(2)).await.unwrap(), 1);
        assert_eq!(tx.sink_attempts(id, 10).await.unwrap().len(), 2);
        tx.begin_sink_at(ada, id, 1).await.unwrap();
        tx.delete_sink(Audience::Person(ada), id).await.unwrap();
        tx.commit().await.unwrap();
        for table in ["sinks", "sink_cursors", "sink_attempts"] {
            assert_eq!(count(&test, format!("select count(*) from {table}")).await.unwrap(), 0, "{table}");
        }
    }
}

#[tokio::test]
async fn a_job_that_was_put_off_can_be_hastened_unless_somebody_does_it() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, _) = people(&test.db).await;
        connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let job = NewJob {
            job_type: "export",
            user_id: Some(ada),
            connection_id: None,
            dedupe_key: Some("key".into()),
            payload: String::new(),
            run_at: minute(0),
        };
        let id = tx.enqueue(minute(0), job).await.unwrap();
        tx.claim_jobs("a", minute(0), minute(2), 1).await.unwrap();
        tx.hasten_job("key", minute(1)).await.unwrap();
        assert_eq!(tx.job(ada, id).await.unwrap().run_at, minute(2), "the lease stands");
        tx.retry_job(id, "a", minute(90), "later").await.unwrap();
        tx.hasten_job("another", minute(3)).await.unwrap();
        assert_eq!(tx.job(ada, id).await.unwrap().run_at, minute(90));
        tx.hasten_job("key", minute(3)).await.unwrap();
        let job = tx.job(ada, id).await.unwrap();
        assert_eq!((job.run_at, job.tries), (minute(3), 0));
    }
}

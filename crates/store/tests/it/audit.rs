//! Audit trails: gapless, chained, sealed, and telling when somebody changed them.

use std::collections::BTreeSet;

use model::{Action, Actor, UserId};
use store::{AuditQuery, Db, Error};
use testkit::{Engine, TestDb};

use crate::people::{add, minute};

async fn append(db: &Db, user: UserId, action: Action, detail: Option<&str>) -> anyhow::Result<()> {
    let mut tx = db.write().await?;
    tx.append_audit(user, minute(1), &Actor::User(user), action, detail).await?;
    Ok(tx.commit().await?)
}

/// A person with four entries.
async fn trail(test: &TestDb, email: &str) -> anyhow::Result<UserId> {
    let user = add(&test.db, email).await?.id;
    append(&test.db, user, Action::UserCreated, Some("joined")).await?;
    append(&test.db, user, Action::SignedIn, None).await?;
    append(&test.db, user, Action::ContextRead, Some("by an agent")).await?;
    append(&test.db, user, Action::SignedOut, None).await?;
    Ok(user)
}

/// How long the trail is, or where it is broken.
async fn verify(db: &Db, user: UserId) -> anyhow::Result<Result<i64, i64>> {
    Ok(db.read().await?.verify_audit(user).await?.map_err(|broken| broken.position))
}

#[tokio::test]
async fn entries_come_back_the_newest_first() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = trail(&test, "ada@example.org").await.unwrap();
        let mut tx = test.db.read().await.unwrap();
        let entries = tx.audit(ada, &AuditQuery { limit: 10, ..AuditQuery::default() }).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.position).collect::<Vec<_>>(), [4, 3, 2, 1]);
        assert_eq!(entries[1].detail.as_deref(), Some("by an agent"));
        assert_eq!((entries[0].detail.as_deref(), entries[0].at), (None, minute(1)));
        assert_eq!((entries[0].actor.as_str(), entries[0].actor_id.clone()), ("user", Some(ada.to_string())));
        let page = AuditQuery { before: Some(3), limit: 1, ..AuditQuery::default() };
        assert_eq!(tx.audit(ada, &page).await.unwrap()[0].position, 2);
        let read = AuditQuery { action: Some(Action::ContextRead), limit: 10, ..AuditQuery::default() };
        let read = tx.audit(ada, &read).await.unwrap();
        assert_eq!((read.len(), read[0].position), (1, 3));
    }
}

#[tokio::test]
async fn a_whole_trail_verifies() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = trail(&test, "ada@example.org").await.unwrap();
        assert_eq!(verify(&test.db, ada).await.unwrap(), Ok(4));
        let ben = add(&test.db, "ben@example.org").await.unwrap().id;
        assert_eq!(verify(&test.db, ben).await.unwrap(), Ok(0));
    }
}

#[tokio::test]
async fn whatever_is_changed_is_told() {
    const CHANGES: [(&str, i64); 9] = [
        ("update audit_entries set action = 'signed_out' where position = 2", 2),
        ("update audit_entries set at = at + 1 where position = 3", 3),
        ("update audit_entries set actor = 'system' where position = 1", 1),
        ("update audit_entries set actor_id = null where position = 1", 1),
        ("update audit_entries set detail_sealed = null where position = 3", 3),
        (
            "update audit_entries set detail_sealed = (select other.detail_sealed from audit_entries as other \
             where other.user_id = audit_entries.user_id and other.position = 3) where position = 1",
            1,
        ),
        ("delete from audit_entries where position = 2", 2),
        ("delete from audit_entries where position = 4", 4),
        ("update audit_heads set hash = 'none' where position > 0", 4),
    ];
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        for (number, (sql, position)) in CHANGES.into_iter().enumerate() {
            let user = trail(&test, &format!("a{number}@example.org")).await.unwrap();
            let sql = format!("{sql} and user_id = '{user}'");
            assert_eq!(testkit::run(&test, sql).await.unwrap(), 1);
            assert_eq!(verify(&test.db, user).await.unwrap(), Err(position), "{engine:?}: change {number}");
        }
    }
}

#[tokio::test]
async fn the_trail_of_another_does_not_fit() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = trail(&test, "ada@example.org").await.unwrap();
        let ben = add(&test.db, "ben@example.org").await.unwrap().id;
        for table in ["audit_heads", "audit_entries"] {
            testkit::run(&test, format!("delete from {table} where user_id = '{ben}'")).await.unwrap();
            let sql = format!("update {table} set user_id = '{ben}' where user_id = '{ada}'");
            assert!(testkit::run(&test, sql).await.unwrap() >= 1);
        }
        assert_eq!(verify(&test.db, ben).await.unwrap(), Err(1));
    }
}

#[tokio::test]
async fn writers_side_by_side_leave_no_gap() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let writers: Vec<_> = (0..12)
            .map(|number| {
                let db = test.db.clone();
                tokio::spawn(
                    async move { append(&db, ada, Action::RecordsRead, Some(&format!("read {number}"))).await },
                )
            })
            .collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        assert_eq!(verify(&test.db, ada).await.unwrap(), Ok(12));
        let all = AuditQuery { limit: 100, ..AuditQuery::default() };
        let entries = test.db.read().await.unwrap().audit(ada, &all).await.unwrap();
        let details: BTreeSet<_> = entries.into_iter().filter_map(|entry| entry.detail).collect();
        assert_eq!(details.len(), 12);
    }
}

#[tokio::test]
async fn an_entry_that_is_not_committed_leaves_no_gap() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = trail(&test, "ada@example.org").await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        tx.append_audit(ada, minute(2), &Actor::System, Action::SignedIn, None).await.unwrap();
        drop(tx);
        append(&test.db, ada, Action::SignedIn, None).await.unwrap();
        assert_eq!(verify(&test.db, ada).await.unwrap(), Ok(5));
    }
}

#[tokio::test]
async fn a_stranger_has_no_trail() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let stranger = test.db.random().id(minute(0));
        let mut tx = test.db.write().await.unwrap();
        let appended = tx.append_audit(stranger, minute(1), &Actor::System, Action::SignedIn, None).await;
        assert!(matches!(appended, Err(Error::NotFound("user"))), "{appended:?}");
        drop(tx);
        let verified = test.db.read().await.unwrap().verify_audit(stranger).await;
        assert!(matches!(verified, Err(Error::NotFound("user"))), "{verified:?}");
    }
}

#[tokio::test]
async fn reads_are_counted_once_a_minute_for_each_reader_and_kind() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let agent = Actor::Token(test.db.random().id(minute(0)));
        let mut tx = test.db.write().await.unwrap();
        assert!(tx.first_read(ada, &agent, Action::ContextRead, minute(1)).await.unwrap());
        assert!(!tx.first_read(ada, &agent, Action::ContextRead, minute(1)).await.unwrap());
        assert!(tx.first_read(ada, &agent, Action::RecordsRead, minute(1)).await.unwrap());
        assert!(tx.first_read(ada, &Actor::System, Action::ContextRead, minute(1)).await.unwrap());
        assert!(tx.first_read(ada, &agent, Action::ContextRead, minute(2)).await.unwrap());
        assert_eq!(tx.sweep_reads(minute(2)).await.unwrap(), 3);
        assert!(!tx.first_read(ada, &agent, Action::ContextRead, minute(2)).await.unwrap());
    }
}

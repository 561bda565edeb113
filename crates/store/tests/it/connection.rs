//! Connections: their states, their accounts, their generations, their keys.

use std::collections::BTreeSet;

use model::{ConnectionState, Reason};
use store::Error;
use testkit::{Engine, TestDb};

use crate::{
    connected::{connect, new_connection, tokens},
    people::{add, minute},
};

#[tokio::test]
async fn a_connection_comes_back_as_it_was_added() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        let new = new_connection(ada, "ring-1");
        let id = tx.add_connection(minute(1), new.clone()).await.unwrap();
        let found = tx.connection(ada, id).await.unwrap();
        assert_eq!((found.id, found.user_id, found.provider, found.account), (id, ada, new.provider, new.account));
        assert_eq!((found.state, found.reason, found.created_at), (ConnectionState::Pending, None, minute(1)));
        assert_eq!((found.scopes_asked, found.scopes_granted), (new.scopes_asked, new.scopes_granted));
        let ben = test.db.random().id(minute(0));
        assert!(matches!(tx.connection(ben, id).await, Err(Error::NotFound("connection"))));
        assert!(tx.find_connection(ada, "oura").await.unwrap().is_none(), "it only waits");
    }
}

#[tokio::test]
async fn a_connection_goes_from_state_to_state() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let active = tx.find_connection(ada, "oura").await.unwrap().unwrap();
        assert_eq!((active.state, active.connected_at), (ConnectionState::Active, Some(minute(0))));
        let lost = Some(Reason::OutcomeLost);
        tx.move_connection(&active, ConnectionState::NeedsConsent, lost, minute(2)).await.unwrap();
        let stuck = tx.find_connection(ada, "oura").await.unwrap().unwrap();
        assert_eq!((stuck.state, stuck.reason), (ConnectionState::NeedsConsent, lost));
        assert_eq!(stuck.connected_at, Some(minute(0)));
        let stale = tx.move_connection(&active, ConnectionState::Removed, None, minute(3)).await;
        assert!(matches!(stale, Err(Error::Conflict(_))), "somebody else has moved it: {stale:?}");
        tx.move_connection(&stuck, ConnectionState::Removed, None, minute(3)).await.unwrap();
        assert!(tx.find_connection(ada, "oura").await.unwrap().is_none());
        let removed = tx.find_removed_connection(ada, "oura", "ring-1").await.unwrap().unwrap();
        assert_eq!((removed.id, removed.reason), (id, None));
        let never = tx.move_connection(&removed, ConnectionState::NeedsConsent, lost, minute(4)).await;
        assert!(matches!(never, Err(Error::Conflict(_))));
        tx.move_connection(&removed, ConnectionState::Active, None, minute(5)).await.unwrap();
        assert_eq!(tx.connection(ada, id).await.unwrap().connected_at, Some(minute(5)));
    }
}

#[tokio::test]
async fn one_connection_to_a_provider_is_in_use() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        connect(&test.db, ada).await.unwrap();
        let second = connect(&test.db, ada).await.unwrap_err();
        assert!(matches!(second.downcast_ref(), Some(Error::Conflict(_))), "{second:?}");
        let ben = add(&test.db, "ben@example.org").await.unwrap().id;
        connect(&test.db, ben).await.unwrap();
        let mut tx = test.db.read().await.unwrap();
        assert!(tx.has_active_connection("oura").await.unwrap());
        assert!(!tx.has_active_connection("whoop").await.unwrap());
    }
}

#[tokio::test]
async fn an_account_is_shared_while_another_connection_uses_it() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let ben = add(&test.db, "ben@example.org").await.unwrap().id;
        let of_ada = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        assert!(!tx.is_account_used("oura", "ring-1", Some(of_ada)).await.unwrap());
        let of_ben = tx.add_connection(minute(1), new_connection(ben, "ring-1")).await.unwrap();
        assert!(tx.is_account_used("oura", "ring-1", Some(of_ada)).await.unwrap(), "one that waits counts");
        assert!(!tx.is_account_used("oura", "ring-2", Some(of_ada)).await.unwrap());
        let pending = tx.connection(ben, of_ben).await.unwrap();
        tx.move_connection(&pending, ConnectionState::Removed, None, minute(2)).await.unwrap();
        assert!(!tx.is_account_used("oura", "ring-1", Some(of_ada)).await.unwrap());
    }
}

#[tokio::test]
async fn generations_count_up_while_a_connection_is_active() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let first = tx.next_generation(ada, id).await.unwrap();
        assert_eq!(tx.next_generation(ada, id).await.unwrap(), first + 1);
        let connection = tx.connection(ada, id).await.unwrap();
        tx.move_connection(&connection, ConnectionState::Removed, None, minute(1)).await.unwrap();
        assert!(matches!(tx.next_generation(ada, id).await, Err(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn a_destroyed_key_opens_nothing_any_more() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        tx.keep_credential(ada, id, &tokens("1"), minute(1)).await.unwrap();
        tx.keep_page(ada, id, "sleep", 1, minute(1), b"{}").await.unwrap();
        let connection = tx.connection(ada, id).await.unwrap();
        tx.move_connection(&connection, ConnectionState::Removed, None, minute(2)).await.unwrap();
        tx.destroy_connection_key(ada, id).await.unwrap();
        assert!(matches!(tx.find_credential(ada, id, minute(2)).await, Err(Error::KeyMissing(_))));
        assert!(matches!(tx.pages(ada, id, -1, 10).await, Err(Error::KeyMissing(_))));
        assert!(matches!(tx.keep_page(ada, id, "sleep", 2, minute(2), b"[]").await, Err(Error::KeyMissing(_))));
        let erased = tx.connection(ada, id).await.unwrap();
        assert_eq!((erased.account.id.as_str(), erased.account.label), ("", None));
        assert!(tx.find_removed_connection(ada, "oura", "ring-1").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_account_s_label_is_sealed_in_its_place() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let other = tx.add_connection(minute(1), new_connection(ada, "ring-2")).await.unwrap();
        tx.commit().await.unwrap();
        let moved = format!(
            "update connections set account_sealed = (select account_sealed from connections where id = '{id}') \
             where id = '{other}'"
        );
        testkit::run(&test, moved).await.unwrap();
        let opened = test.db.read().await.unwrap().connection(ada, other).await;
        assert!(matches!(opened, Err(Error::Sealed(_))), "{opened:?}");
    }
}

#[tokio::test]
async fn what_syncs_and_grants_say_is_noted() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        tx.note_sync(ada, id, Some(minute(3)), None).await.unwrap();
        tx.note_sync(ada, id, None, Some("sleep: status 500")).await.unwrap();
        let scopes = BTreeSet::from(["daily".to_owned()]);
        tx.set_scopes(ada, id, &scopes, None).await.unwrap();
        let found = tx.connection(ada, id).await.unwrap();
        assert_eq!((found.last_sync_at, found.last_error.as_deref()), (Some(minute(3)), Some("sleep: status 500")));
        assert_eq!((&found.scopes_asked, &found.scopes_granted), (&scopes, &None));
        assert_eq!(tx.last_success("oura").await.unwrap(), Some(minute(3)));
        assert_eq!(tx.last_success("whoop").await.unwrap(), None);
        tx.move_connection(&found, ConnectionState::Removed, None, minute(4)).await.unwrap();
        assert!(!tx.has_active_connection("oura").await.unwrap());
        assert_eq!(tx.last_success("oura").await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_waits_too_long_is_abandoned() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let old = tx.add_connection(minute(1), new_connection(ada, "ring-2")).await.unwrap();
        tx.add_connection(minute(20), new_connection(ada, "ring-3")).await.unwrap();
        assert_eq!(tx.abandoned_connections(minute(10)).await.unwrap(), [(ada, old)]);
        assert_eq!(tx.connections(ada).await.unwrap().len(), 3);
    }
}

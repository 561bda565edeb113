//! People, their names and their keys.

use model::{Random, Secret};
use store::{Db, Error, MasterKeys, NewUser};
use testkit::{Engine, TestDb};

use crate::people::{add, minute, new_user};

#[tokio::test]
async fn somebody_is_found_by_each_of_their_names() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let new = NewUser { external_id: Some("app-7".into()), ..new_user("Ada@Example.org") };
        let ada = tx.add_user(minute(1), new).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = test.db.read().await.unwrap();
        assert_eq!(ada.email.as_deref(), Some("ada@example.org"));
        assert_eq!(ada.created_at, minute(1));
        assert_eq!(tx.user(ada.id).await.unwrap().id, ada.id);
        assert_eq!(tx.find_user_by_email("ADA@example.org").await.unwrap().unwrap().id, ada.id);
        assert_eq!(tx.find_user_by_external_id("app-7").await.unwrap().unwrap().id, ada.id);
        assert!(tx.find_user_by_external_id("app-8").await.unwrap().is_none());
        let stranger = test.db.random().id(minute(0));
        assert!(matches!(tx.user(stranger).await, Err(Error::NotFound("user"))));
    }
}

#[tokio::test]
async fn a_name_is_given_once() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        add(&test.db, "ada@example.org").await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let twice = tx.add_user(minute(0), new_user("ADA@example.org")).await;
        assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    }
}

#[tokio::test]
async fn people_are_listed_in_pages() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut added = Vec::new();
        for name in ["a", "b", "c"] {
            added.push(add(&test.db, &format!("{name}@example.org")).await.unwrap().id);
        }
        added.sort_unstable();
        let mut tx = test.db.read().await.unwrap();
        let first: Vec<_> = tx.users(None, 2).await.unwrap().iter().map(|user| user.id).collect();
        assert_eq!(first, added[..2]);
        let rest: Vec<_> = tx.users(Some(added[1]), 2).await.unwrap().iter().map(|user| user.id).collect();
        assert_eq!(rest, added[2..]);
    }
}

#[tokio::test]
async fn a_transaction_that_is_not_committed_leaves_nothing() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        tx.add_user(minute(0), new_user("ada@example.org")).await.unwrap();
        drop(tx);
        assert!(test.db.read().await.unwrap().users(None, 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_reader_sees_one_state_throughout() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let mut before = test.db.read().await.unwrap();
        assert!(before.users(None, 10).await.unwrap().is_empty());
        add(&test.db, "ada@example.org").await.unwrap();
        assert!(before.users(None, 10).await.unwrap().is_empty());
        assert_eq!(test.db.read().await.unwrap().users(None, 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_zone_is_changed_for_one_person() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) =
            (add(&test.db, "ada@example.org").await.unwrap(), add(&test.db, "ben@example.org").await.unwrap());
        let mut tx = test.db.write().await.unwrap();
        tx.set_zone(ada.id, "Europe/Berlin").await.unwrap();
        assert_eq!(tx.user(ada.id).await.unwrap().zone, "Europe/Berlin");
        assert_eq!(tx.user(ben.id).await.unwrap().zone, "UTC");
    }
}

#[tokio::test]
async fn keys_move_to_a_new_master_key_and_open_what_they_sealed() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap();
        add(&test.db, "ben@example.org").await.unwrap();
        sealed_entry(&test.db, ada.id).await.unwrap();

        let new = MasterKeys::generate("new", &Random::seeded(2));
        let both = Secret::new(format!("{},{}", new.expose(), TestDb::key().expose()));
        let rotating = open(&test, &both).await.unwrap();
        assert_eq!(rotating.read().await.unwrap().keys_to_rotate().await.unwrap(), 2);
        let mut tx = rotating.write().await.unwrap();
        assert_eq!(tx.rotate_keys(1).await.unwrap(), 1);
        assert_eq!(tx.rotate_keys(10).await.unwrap(), 1);
        assert_eq!(tx.rotate_keys(10).await.unwrap(), 0);
        tx.commit().await.unwrap();

        let after = open(&test, &new).await.unwrap();
        let mut tx = after.read().await.unwrap();
        tx.check_keys().await.unwrap();
        assert_eq!(tx.keys_to_rotate().await.unwrap(), 0);
        let entries = tx.audit(ada.id, &store::AuditQuery { limit: 10, ..Default::default() }).await.unwrap();
        assert_eq!(entries[0].detail.as_deref(), Some("of the old key"));
        let stale = test.db.read().await.unwrap().check_keys().await;
        assert!(matches!(stale, Err(Error::KeyMissing(_))), "{stale:?}");
    }
}

#[tokio::test]
async fn a_key_of_another_person_does_not_open() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) =
            (add(&test.db, "ada@example.org").await.unwrap(), add(&test.db, "ben@example.org").await.unwrap());
        let sql = format!(
            "update users set key_sealed = (select key_sealed from users where id = '{}') where id = '{}'",
            ben.id, ada.id
        );
        assert_eq!(testkit::run(&test, sql).await.unwrap(), 1);
        let refused = sealed_entry(&test.db, ada.id).await.unwrap_err();
        assert!(matches!(refused.downcast_ref(), Some(Error::Sealed(_))), "{refused:?}");
    }
}

async fn open(test: &TestDb, keys: &Secret) -> anyhow::Result<Db> {
    Ok(Db::open(&test.url, MasterKeys::parse(keys)?, Random::system()).await?)
}

async fn sealed_entry(db: &Db, user: model::UserId) -> anyhow::Result<()> {
    let mut tx = db.write().await?;
    let detail = Some("of the old key");
    tx.append_audit(user, minute(1), &model::Actor::System, model::Action::SettingsChanged, detail).await?;
    Ok(tx.commit().await?)
}

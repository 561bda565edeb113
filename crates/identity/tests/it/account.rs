//! Adding people and changing their passwords.

use identity::{Error, NewAccount};
use model::{Action, Actor, Role, Secret};
use testkit::Engine;

use crate::house::{House, MINUTE, PASSWORD, account};

#[tokio::test]
async fn a_person_is_added_once() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let new = NewAccount { external_id: Some("app-7".into()), ..account(Some(" Ada@Example.org "), Role::Member) };
        let user = house.identity.add_user(&Actor::Operator, new.clone()).await.unwrap();
        assert_eq!(user.email.as_deref(), Some("ada@example.org"));
        assert_eq!(user.external_id.as_deref(), Some("app-7"));
        assert_eq!((user.role, user.zone.as_str(), user.created_at), (Role::Member, "Europe/Berlin", house.now()));
        let twice = house.identity.add_user(&Actor::Operator, new).await;
        assert!(matches!(twice, Err(Error::Store(store::Error::Conflict(_)))), "{twice:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_leaves_nothing() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = || account(Some("ada@example.org"), Role::Member);
        for wrong in [
            NewAccount { email: Some("ada".into()), ..ada() },
            NewAccount { email: None, ..ada() },
            NewAccount { password: Some(Secret::new("short")), ..ada() },
            NewAccount { zone: "Mars/Olympus".into(), ..ada() },
            NewAccount { external_id: Some(String::new()), ..ada() },
            NewAccount { external_id: Some("a\nb".into()), ..ada() },
        ] {
            let refused = house.identity.add_user(&Actor::Operator, wrong).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        }
        assert!(house.test.db.read().await.unwrap().users(None, 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn only_administrators_add_more_than_members() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let (member, admin) = (house.ada().await.unwrap(), house.admin().await.unwrap());
        let app = Actor::Token(house.test.db.random().id(house.now()));
        let add = async |actor: &Actor, name: &str, role| {
            let new = NewAccount { external_id: Some(name.into()), ..account(None, role) };
            house.identity.add_user(actor, new).await
        };
        assert!(add(&Actor::User(admin.id), "a", Role::Auditor).await.is_ok());
        assert!(add(&app, "b", Role::Member).await.is_ok());
        assert!(matches!(add(&app, "c", Role::Admin).await, Err(Error::Forbidden(_))));
        assert!(matches!(add(&Actor::User(member.id), "d", Role::Member).await, Err(Error::Forbidden(_))));
        assert!(matches!(add(&Actor::Anonymous, "e", Role::Member).await, Err(Error::Forbidden(_))));
    }
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_and_locks() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let cookie = house.sign_in(PASSWORD).await.unwrap().cookie;
        for _ in 0..6 {
            assert!(house.sign_in("not the password").await.is_err());
        }
        let new = Secret::new("another password");
        house.identity.set_password(&Actor::User(ada.id), ada.id, &new).await.unwrap();
        assert!(house.identity.find_session(&cookie).await.unwrap().is_none());
        assert!(house.sign_in("another password").await.is_ok(), "the lock went with the old password");
        assert!(matches!(house.sign_in(PASSWORD).await, Err(Error::WrongCredentials)));
    }
}

#[tokio::test]
async fn nobody_else_sets_a_password() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let (ada, admin) = (house.ada().await.unwrap(), house.admin().await.unwrap());
        let new = Secret::new("another password");
        for actor in [Actor::User(admin.id), Actor::Anonymous, Actor::Link] {
            let refused = house.identity.set_password(&actor, ada.id, &new).await;
            assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        }
        let stranger = house.test.db.random().id(house.now());
        let missing = house.identity.set_password(&Actor::Operator, stranger, &new).await;
        assert!(matches!(missing, Err(Error::Store(store::Error::NotFound("user")))), "{missing:?}");
        assert!(house.sign_in(PASSWORD).await.is_ok());
        house.clock.turn(MINUTE);
        house.identity.set_password(&Actor::Operator, ada.id, &new).await.unwrap();
        assert!(house.sign_in("another password").await.is_ok());
    }
}

#[tokio::test]
async fn who_knows_the_present_password_changes_it_in_one_piece() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let (here, there) = (house.sign_in(PASSWORD).await.unwrap(), house.sign_in(PASSWORD).await.unwrap());
        let change = async |current: &str, new: &str| {
            house.identity.change_password(&here.session, &Secret::new(current), &Secret::new(new)).await
        };
        assert!(matches!(change("not the password", "another password").await, Err(Error::WrongCredentials)));
        assert!(matches!(change("not the password", "short").await, Err(Error::WrongCredentials)));
        assert!(matches!(change(PASSWORD, "short").await, Err(Error::Invalid(_))));
        assert!(house.identity.find_session(&here.cookie).await.unwrap().is_some(), "nothing was changed");
        let changed = change(PASSWORD, "another password").await.unwrap();
        for old in [&here.cookie, &there.cookie] {
            assert!(house.identity.find_session(old).await.unwrap().is_none());
        }
        let (session, user) = house.identity.find_session(&changed.cookie).await.unwrap().unwrap();
        assert_eq!((session.id, user.id), (changed.session.id, ada.id));
        assert_eq!(house.count(ada.id, Action::SignedIn).await.unwrap(), 2, "to change it is not to sign in");
        assert_eq!(house.count(ada.id, Action::SignInFailed).await.unwrap(), 2);
        assert_eq!(house.count(ada.id, Action::SettingsChanged).await.unwrap(), 1);
        assert!(house.sign_in("another password").await.is_ok());
        assert!(matches!(house.sign_in(PASSWORD).await, Err(Error::WrongCredentials)));
    }
}

#[tokio::test]
async fn guesses_at_the_present_password_lock_as_at_the_sign_in() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        house.ada().await.unwrap();
        let here = house.sign_in(PASSWORD).await.unwrap();
        let change = async |current: &str| {
            let new = Secret::new("another password");
            house.identity.change_password(&here.session, &Secret::new(current), &new).await
        };
        for _ in 0..6 {
            assert!(matches!(change("not the password").await, Err(Error::WrongCredentials)));
        }
        assert!(matches!(change(PASSWORD).await, Err(Error::Locked { .. })));
        assert!(matches!(house.sign_in(PASSWORD).await, Err(Error::Locked { .. })), "it is one lock");
        house.clock.turn(MINUTE);
        assert!(change(PASSWORD).await.is_ok());
    }
}

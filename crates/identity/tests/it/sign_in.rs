//! Right and wrong passwords, and the locks that wrong ones bring.

use identity::Error;
use jiff::{SignedDuration, Timestamp};
use model::{Action, Role, Secret};
use testkit::Engine;

use crate::house::{EMAIL, House, MINUTE, PASSWORD, account};

const WRONG: &str = "not the password";

/// Guesses wrong and yields the end of the lock, if there is one.
async fn guess(house: &House) -> Option<Timestamp> {
    match house.sign_in(WRONG).await {
        Err(Error::WrongCredentials) => None,
        Err(Error::Locked { until }) => Some(until),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_right_password_opens() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let come = house.identity.sign_in(" ADA@example.org", &Secret::new(PASSWORD)).await.unwrap();
        assert_eq!(come.user.id, ada.id);
        let (session, user) = house.identity.find_session(&come.cookie).await.unwrap().unwrap();
        assert_eq!((session.id, user.id), (come.session.id, ada.id));
        assert_eq!(session.expires_at, come.session.expires_at);
        assert!(!format!("{come:?}").contains(come.cookie.expose()));
    }
}

#[tokio::test]
async fn who_does_not_exist_and_who_mistypes_hear_the_same() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        house.ada().await.unwrap();
        let no_password = account(None, Role::Member);
        let no_password = identity::NewAccount { email: Some("app@example.org".into()), ..no_password };
        house.identity.add_user(&model::Actor::System, no_password).await.unwrap();
        let long = "a".repeat(1025);
        for (email, password) in [
            (EMAIL, WRONG),
            ("nobody@example.org", WRONG),
            ("app@example.org", WRONG),
            ("", ""),
            (EMAIL, long.as_str()),
        ] {
            let refused = house.identity.sign_in(email, &Secret::new(password)).await.unwrap_err();
            assert!(matches!(refused, Error::WrongCredentials), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_lock_does_not_tell_who_is_here() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        house.ada().await.unwrap();
        let guess =
            async |email: &str| house.identity.sign_in(email, &Secret::new(WRONG)).await.unwrap_err().to_string();
        for _ in 0..8 {
            let (somebody, nobody) = (guess(EMAIL).await, guess("nobody@example.org").await);
            assert_eq!(somebody, nobody);
        }
        assert!(guess(" NOBODY@example.org").await.contains("too many"), "however it is spelled");
        assert!(!guess("another@example.org").await.contains("too many"), "each has a lock of their own");
        house.clock.turn(MINUTE);
        assert_eq!(guess(EMAIL).await, guess("nobody@example.org").await);
        assert_eq!(guess(EMAIL).await, guess("nobody@example.org").await);
    }
}

#[tokio::test]
async fn after_five_wrong_passwords_each_one_locks_for_longer() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        house.ada().await.unwrap();
        for _ in 0..5 {
            assert_eq!(guess(&house).await, None);
        }
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(guess(&house).await, None, "this one is still judged");
            let until = house.now().checked_add(SignedDuration::from_mins(minutes)).unwrap();
            assert_eq!(guess(&house).await, Some(until));
            house.clock.turn(MINUTE * u32::try_from(minutes).unwrap());
        }
        assert!(house.sign_in(PASSWORD).await.is_ok(), "the lock is over");
    }
}

#[tokio::test]
async fn a_lock_refuses_even_the_right_password_until_it_ends() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        house.ada().await.unwrap();
        for _ in 0..6 {
            assert_eq!(guess(&house).await, None);
        }
        assert!(matches!(house.sign_in(PASSWORD).await, Err(Error::Locked { .. })));
        house.clock.turn(MINUTE - std::time::Duration::from_millis(1));
        assert!(matches!(house.sign_in(PASSWORD).await, Err(Error::Locked { .. })));
        house.clock.turn(std::time::Duration::from_millis(1));
        assert!(house.sign_in(PASSWORD).await.is_ok());
        for _ in 0..6 {
            assert_eq!(guess(&house).await, None, "the right password made them start anew");
        }
        assert!(guess(&house).await.is_some());
    }
}

#[tokio::test]
async fn guesses_side_by_side_learn_no_more_than_guesses_in_a_row() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        let guesses: Vec<_> = (0..16)
            .map(|_| {
                let identity = house.identity.clone();
                tokio::spawn(async move { identity.sign_in(EMAIL, &Secret::new(WRONG)).await })
            })
            .collect();
        let (mut judged, mut locked) = (0, 0);
        for guess in guesses {
            match guess.await.unwrap() {
                Err(Error::WrongCredentials) => judged += 1,
                Err(Error::Locked { .. }) => locked += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((judged, locked), (6, 10));
        assert_eq!(house.count(ada.id, Action::SignInFailed).await.unwrap(), 7, "the refused ones share an entry");
    }
}

#[tokio::test]
async fn a_locked_account_gets_one_entry_a_minute() {
    for engine in Engine::all() {
        let house = House::new(engine).await.unwrap();
        let ada = house.ada().await.unwrap();
        for _ in 0..7 {
            guess(&house).await;
        }
        house.clock.turn(MINUTE);
        guess(&house).await;
        let before = house.count(ada.id, Action::SignInFailed).await.unwrap();
        for _ in 0..3 {
            assert!(guess(&house).await.is_some());
            assert!(matches!(
                house.next_door().await.unwrap().sign_in(EMAIL, &Secret::new(PASSWORD)).await,
                Err(Error::Locked { .. })
            ));
        }
        assert_eq!(house.count(ada.id, Action::SignInFailed).await.unwrap(), before + 1);
    }
}

//! Sign-ins: what is needed to judge them, and the count of wrong ones.

use jiff::Timestamp;
use store::{Error, NewUser};
use testkit::{Engine, TestDb};

use crate::people::{add, minute, new_user};

#[tokio::test]
async fn only_people_with_a_password_can_sign_in() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let ben = NewUser { password_hash: None, ..new_user("ben@example.org") };
        let ben = tx.add_user(minute(0), ben).await.unwrap();
        let found = tx.find_sign_in("Ada@example.org").await.unwrap().unwrap();
        assert_eq!((found.user_id, found.password_hash.as_str(), found.failed), (ada.id, "hash", 0));
        assert_eq!(found.locked_until, Timestamp::UNIX_EPOCH);
        assert!(tx.find_sign_in("ben@example.org").await.unwrap().is_none());
        assert!(tx.hold_sign_in(ben.id).await.unwrap().is_none());
        assert!(tx.find_sign_in("eve@example.org").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn wrong_passwords_are_counted_until_forgotten() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) =
            (add(&test.db, "ada@example.org").await.unwrap(), add(&test.db, "ben@example.org").await.unwrap());
        let mut tx = test.db.write().await.unwrap();
        tx.count_failed_sign_in(ada.id, minute(1)).await.unwrap();
        tx.count_failed_sign_in(ada.id, minute(2)).await.unwrap();
        let held = tx.hold_sign_in(ada.id).await.unwrap().unwrap();
        assert_eq!((held.failed, held.locked_until), (2, minute(2)));
        assert_eq!(tx.hold_sign_in(ben.id).await.unwrap().unwrap().failed, 0);
        tx.forget_failed_sign_ins(ada.id).await.unwrap();
        let held = tx.hold_sign_in(ada.id).await.unwrap().unwrap();
        assert_eq!((held.failed, held.locked_until), (0, Timestamp::UNIX_EPOCH));
    }
}

#[tokio::test]
async fn sign_ins_to_one_account_wait_for_each_other() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap();
        let guesses: Vec<_> = (0..8)
            .map(|_| {
                let (db, user) = (test.db.clone(), ada.id);
                tokio::spawn(async move {
                    let mut tx = db.write().await?;
                    let seen = tx.hold_sign_in(user).await?.map(|account| account.failed);
                    tx.count_failed_sign_in(user, minute(0)).await?;
                    tx.commit().await?;
                    Ok::<_, Error>(seen)
                })
            })
            .collect();
        let mut seen = Vec::new();
        for guess in guesses {
            seen.extend(guess.await.unwrap().unwrap());
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6, 7], "each saw the one before it");
    }
}

#[tokio::test]
async fn a_password_is_set_for_somebody_who_exists() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        tx.set_password(ada.id, "another").await.unwrap();
        assert_eq!(tx.hold_sign_in(ada.id).await.unwrap().unwrap().password_hash, "another");
        let stranger = test.db.random().id(minute(0));
        assert!(matches!(tx.set_password(stranger, "hash").await, Err(Error::NotFound("user"))));
    }
}

//! Connect links: opened by one browser, redeemed once.

use std::collections::BTreeSet;

use model::UserId;
use store::{Db, Error, NewLink};
use testkit::{Engine, TestDb};

use crate::people::{add, minute};

fn new_link(db: &Db, user_id: UserId) -> NewLink {
    NewLink {
        user_id,
        token_id: db.random().id(minute(0)),
        app_name: "Sunrise".into(),
        providers: BTreeSet::from(["oura".to_owned(), "whoop".to_owned()]),
        return_url: "https://app.example.org/done".into(),
        secret_hash: "secret".into(),
        expires_at: minute(10),
    }
}

#[tokio::test]
async fn a_link_comes_back_as_it_was_made() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let mut tx = test.db.write().await.unwrap();
        let new = new_link(&test.db, ada);
        let id = tx.add_link(minute(0), new.clone()).await.unwrap();
        let found = tx.find_link("secret").await.unwrap().unwrap();
        assert_eq!((found.id, found.user_id, found.token_id), (id, ada, new.token_id));
        assert_eq!((found.app_name, found.providers, found.return_url), (new.app_name, new.providers, new.return_url));
        assert_eq!((found.expires_at, found.opened_at, found.redeemed_at), (minute(10), None, None));
        assert_eq!(tx.link(id).await.unwrap().id, id);
        assert!(tx.find_link("another").await.unwrap().is_none());
        let stranger = test.db.random().id(minute(0));
        assert!(matches!(tx.link(stranger).await, Err(Error::NotFound("connect link"))));
    }
}

#[tokio::test]
async fn a_link_belongs_to_the_first_browser_that_opens_it_in_time() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) =
            (add(&test.db, "ada@example.org").await.unwrap().id, add(&test.db, "ben@example.org").await.unwrap().id);
        let mut tx = test.db.write().await.unwrap();
        let id = tx.add_link(minute(0), new_link(&test.db, ada)).await.unwrap();
        assert!(!tx.open_link(ada, id, "late", minute(10)).await.unwrap());
        assert!(!tx.open_link(ben, id, "of another", minute(1)).await.unwrap());
        assert!(tx.open_link(ada, id, "first", minute(1)).await.unwrap());
        assert!(!tx.open_link(ada, id, "second", minute(2)).await.unwrap());
        let opened = tx.find_link_by_cookie("first").await.unwrap().unwrap();
        assert_eq!((opened.id, opened.opened_at), (id, Some(minute(1))));
        for cookie in ["late", "of another", "second"] {
            assert!(tx.find_link_by_cookie(cookie).await.unwrap().is_none());
        }
    }
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_in_time() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) =
            (add(&test.db, "ada@example.org").await.unwrap().id, add(&test.db, "ben@example.org").await.unwrap().id);
        let mut tx = test.db.write().await.unwrap();
        let id = tx.add_link(minute(0), new_link(&test.db, ada)).await.unwrap();
        assert!(tx.find_link_by_code("code").await.unwrap().is_none());
        let connection = test.db.random().id(minute(3));
        tx.fulfil_link(ada, id, connection, "code", minute(13)).await.unwrap();
        let fulfilled = tx.find_link_by_code("code").await.unwrap().unwrap();
        assert_eq!((fulfilled.id, fulfilled.connection_id), (id, Some(connection)));
        assert_eq!(fulfilled.expires_at, minute(13), "the code has a time of its own");
        assert!(!tx.redeem_link(ada, id, minute(13)).await.unwrap(), "expired");
        assert!(!tx.redeem_link(ben, id, minute(12)).await.unwrap(), "of another");
        assert!(tx.redeem_link(ada, id, minute(12)).await.unwrap());
        assert!(!tx.redeem_link(ada, id, minute(12)).await.unwrap());
        assert_eq!(tx.link(id).await.unwrap().redeemed_at, Some(minute(12)));
    }
}

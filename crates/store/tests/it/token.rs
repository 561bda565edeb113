//! API tokens, by the hash of their text.

use jiff::Timestamp;
use model::{Scopes, Sharing, Topic, UserId};
use store::{Error, NewToken};
use testkit::{Engine, TestDb};

use crate::people::{add, minute};

fn new_token(user_id: UserId, secret_hash: &str, expires_at: Option<Timestamp>) -> NewToken {
    NewToken {
        user_id,
        service: false,
        name: "Coach agent".into(),
        secret_hash: secret_hash.into(),
        scopes: Scopes::personal(),
        sharing: Sharing::default(),
        expires_at,
    }
}

#[tokio::test]
async fn a_token_comes_back_as_it_was_kept() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap();
        let mut sharing = Sharing::default();
        sharing.set(Topic::Heart, false);
        let mut tx = test.db.write().await.unwrap();
        let new = NewToken { service: true, sharing, ..new_token(ada.id, "a", Some(minute(10))) };
        let kept = tx.add_token(minute(0), new).await.unwrap();
        let found = tx.find_token("a", minute(9)).await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{kept:?}"));
        assert_eq!(format!("{:?}", tx.token(ada.id, kept.id).await.unwrap()), format!("{kept:?}"));
        assert!(tx.acting_token(kept.id, minute(9)).await.unwrap().is_some());
        assert!(tx.find_token("a", minute(10)).await.unwrap().is_none(), "expired");
        assert!(tx.acting_token(kept.id, minute(10)).await.unwrap().is_none());
        assert!(tx.find_token("b", minute(9)).await.unwrap().is_none());
        let twice = tx.add_token(minute(0), new_token(ada.id, "a", None)).await;
        assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_gone() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let kept = tx.add_token(minute(0), new_token(ada.id, "a", None)).await.unwrap();
        tx.revoke_token(ada.id, kept.id, minute(1)).await.unwrap();
        assert!(tx.find_token("a", minute(1)).await.unwrap().is_none());
        assert!(tx.acting_token(kept.id, minute(1)).await.unwrap().is_none());
        assert!(tx.tokens(ada.id).await.unwrap().is_empty());
        assert!(matches!(tx.token(ada.id, kept.id).await, Err(Error::NotFound("token"))));
        assert!(matches!(tx.revoke_token(ada.id, kept.id, minute(2)).await, Err(Error::NotFound("token"))));
        let sharing = Sharing::nothing();
        assert!(matches!(tx.set_token_sharing(ada.id, kept.id, &sharing).await, Err(Error::NotFound("token"))));
    }
}

#[tokio::test]
async fn a_token_is_reached_only_through_its_owner() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) =
            (add(&test.db, "ada@example.org").await.unwrap(), add(&test.db, "ben@example.org").await.unwrap());
        let mut tx = test.db.write().await.unwrap();
        let id = tx.add_token(minute(0), new_token(ada.id, "a", None)).await.unwrap().id;
        assert!(matches!(tx.token(ben.id, id).await, Err(Error::NotFound("token"))));
        assert!(matches!(tx.revoke_token(ben.id, id, minute(1)).await, Err(Error::NotFound("token"))));
        let nothing = Sharing::nothing();
        assert!(matches!(tx.set_token_sharing(ben.id, id, &nothing).await, Err(Error::NotFound("token"))));
        tx.touch_token(ben.id, id, minute(1)).await.unwrap();
        assert!(tx.tokens(ben.id).await.unwrap().is_empty());
        let untouched = tx.token(ada.id, id).await.unwrap();
        assert_eq!((untouched.last_used_at, untouched.sharing), (None, Sharing::default()));
    }
}

#[tokio::test]
async fn use_and_sharing_are_kept() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        let old = tx.add_token(minute(0), new_token(ada.id, "a", None)).await.unwrap().id;
        let new = tx.add_token(minute(1), new_token(ada.id, "b", None)).await.unwrap().id;
        tx.touch_token(ada.id, old, minute(3)).await.unwrap();
        tx.set_token_sharing(ada.id, old, &Sharing::nothing()).await.unwrap();
        let tokens = tx.tokens(ada.id).await.unwrap();
        assert_eq!(tokens.iter().map(|token| token.id).collect::<Vec<_>>(), [new, old], "the newest first");
        assert_eq!((tokens[1].last_used_at, &tokens[1].sharing), (Some(minute(3)), &Sharing::nothing()));
        assert_eq!((tokens[0].last_used_at, &tokens[0].sharing), (None, &Sharing::default()));
    }
}

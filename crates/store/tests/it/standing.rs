//! What an agent's context begins with.

use std::collections::BTreeSet;

use model::{ConnectionState, Kind, Sharing};
use store::Error;
use testkit::{Engine, TestDb};

use crate::{
    connected::{connect, new_connection},
    people::{add, minute},
};

#[tokio::test]
async fn a_person_stands_with_what_they_share_and_their_connections_in_use() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap();
        let bare = test.db.read().await.unwrap().standing(ada.id).await.unwrap();
        assert_eq!((bare.user.email, bare.sharing, bare.connections.len()), (ada.email, Sharing::default(), 0));
        let id = connect(&test.db, ada.id).await.unwrap();
        let kinds = BTreeSet::from([Kind::Sleep, Kind::Readiness]);
        let mut tx = test.db.write().await.unwrap();
        tx.set_sharing(ada.id, &Sharing::nothing()).await.unwrap();
        tx.give_consent(ada.id, id, "oura", &BTreeSet::from([Kind::Tag]), "why", "1", minute(1)).await.unwrap();
        tx.give_consent(ada.id, id, "oura", &kinds, "why", "2", minute(2)).await.unwrap();
        for (collection, error) in [("sleep", Some("down")), ("tag", None), ("daily_sleep", Some("down"))] {
            tx.note_collection(ada.id, id, collection, minute(3), error, None).await.unwrap();
        }
        // One that waits is not in use yet.
        tx.add_connection(minute(4), new_connection(ada.id, "ring-2")).await.unwrap();
        tx.commit().await.unwrap();
        let standing = test.db.read().await.unwrap().standing(ada.id).await.unwrap();
        assert_eq!((standing.sharing, standing.connections.len()), (Sharing::nothing(), 1));
        let in_use = &standing.connections[0];
        assert_eq!((in_use.connection.id, in_use.connection.state), (id, ConnectionState::Active));
        assert_eq!(in_use.connection.account.label.as_deref(), Some("ada@ring.example"));
        assert_eq!(
            (&in_use.kinds, in_use.failing.as_slice()),
            (&kinds, &["daily_sleep".to_owned(), "sleep".to_owned()][..])
        );
        let stranger = test.db.random().id(minute(0));
        let unknown = test.db.read().await.unwrap().standing(stranger).await;
        assert!(matches!(unknown, Err(Error::NotFound("user"))), "{unknown:?}");
    }
}

//! What a person shares with every reader.

use model::{Sharing, Topic};
use testkit::{Engine, TestDb};

use crate::people::add;

#[tokio::test]
async fn switches_are_on_until_turned_off_and_each_person_s_own() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let (ada, ben) =
            (add(&test.db, "ada@example.org").await.unwrap(), add(&test.db, "ben@example.org").await.unwrap());
        let mut tx = test.db.write().await.unwrap();
        assert_eq!(tx.sharing(ada.id).await.unwrap(), Sharing::default());
        let mut sharing = Sharing::default();
        for topic in [Topic::Sleep, Topic::Heart] {
            sharing.set(topic, false);
            tx.set_sharing(ada.id, &sharing).await.unwrap();
            assert_eq!(tx.sharing(ada.id).await.unwrap(), sharing);
        }
        assert_eq!(tx.sharing(ben.id).await.unwrap(), Sharing::default());
    }
}

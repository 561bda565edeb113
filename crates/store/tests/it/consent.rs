//! What people agreed to, and that they no longer do.

use std::collections::BTreeSet;

use model::Kind;
use testkit::{Engine, TestDb, count};

use crate::{
    connected::connect,
    people::{add, minute},
};

#[tokio::test]
async fn the_newest_consent_holds_until_it_is_withdrawn() {
    for engine in Engine::all() {
        let test = TestDb::new(engine).await.unwrap();
        let ada = add(&test.db, "ada@example.org").await.unwrap().id;
        let id = connect(&test.db, ada).await.unwrap();
        let mut tx = test.db.write().await.unwrap();
        assert!(tx.find_consent(ada, id).await.unwrap().is_none());
        let (few, more) = (BTreeSet::from([Kind::Sleep]), BTreeSet::from([Kind::Sleep, Kind::HeartRate]));
        tx.give_consent(ada, id, "oura", &few, "to sleep well", "1", minute(1)).await.unwrap();
        tx.give_consent(ada, id, "oura", &more, "to sleep better", "2", minute(2)).await.unwrap();
        let consent = tx.find_consent(ada, id).await.unwrap().unwrap();
        assert_eq!((consent.kinds, consent.purpose.as_str(), consent.version.as_str()), (more, "to sleep better", "2"));
        assert_eq!((consent.given_at, consent.withdrawn_at, consent.provider.as_str()), (minute(2), None, "oura"));
        tx.withdraw_consent(ada, id, minute(3)).await.unwrap();
        assert!(tx.find_consent(ada, id).await.unwrap().is_none());
        tx.commit().await.unwrap();
        let kept = "select count(*) from consents where withdrawn_at is not null";
        assert_eq!(count(&test, kept).await.unwrap(), 2, "what was agreed to stays on record");
    }
}

//! What a person has not consented to is neither asked for nor stored.

use std::collections::BTreeSet;

use model::Kind;
use testkit::{Engine, House};

use crate::people::{OURA, records, status, sync};

#[tokio::test]
async fn only_what_was_consented_to_is_collected() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.round_trip(user, &["sleep", "workout"], "", None).await.unwrap();
        house.engine.run_due().await.unwrap();
        sync(&house, user, 30, "all").await.unwrap();
        let kinds = BTreeSet::from([Kind::Sleep, Kind::SleepScore, Kind::BedtimeGuidance, Kind::Workout]);
        let stats = house.faults().stats();
        for collection in &house.engine.provider(OURA).unwrap().manifest().collections {
            let asked = stats.requests_to(&format!("/v2/usercollection/{}", collection.id));
            // Whose account it is must be known, whatever the person consents to.
            let expected =
                if kinds.contains(&collection.kind) { 2 } else { u64::from(collection.id == "personal_info") };
            assert_eq!(asked, expected, "{}", collection.id);
        }
        let stored: BTreeSet<_> = records(&house, user).await.unwrap().iter().map(|record| record.kind).collect();
        assert!(stored.is_subset(&kinds), "{stored:?}");
        let status = status(&house, user).await.unwrap();
        assert_eq!(status.consent.unwrap().kinds, kinds);
        let granted: Vec<_> = status.scopes_granted.unwrap().into_iter().collect();
        assert_eq!(granted, ["daily", "workout"]);
    }
}

#[tokio::test]
async fn a_wider_consent_brings_what_was_missing() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        house.round_trip(user, &["sleep"], "", None).await.unwrap();
        house.engine.run_due().await.unwrap();
        assert!(!status(&house, user).await.unwrap().counts.contains_key("daily_activity"));
        house.round_trip(user, &["sleep", "activity"], "", None).await.unwrap();
        house.engine.run_due().await.unwrap();
        let status = status(&house, user).await.unwrap();
        assert!(status.counts["daily_activity"] >= 30);
        assert_eq!(status.consent.unwrap().kinds.len(), 5);
    }
}

#[tokio::test]
async fn consenting_to_nothing_is_no_consent() {
    let house = House::new(Engine::Sqlite).await.unwrap();
    let user = house.somebody().await.unwrap().id;
    assert!(house.begin(user, &["steps"]).await.is_err());
}

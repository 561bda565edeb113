//! From the click to the agent: connecting, the backfill, and what is told afterwards.

use model::{ChangeType, Kind, record::Body};
use testkit::{Engine, House};

use crate::people::{connected, log, records, status, sync};

#[tokio::test]
async fn connecting_brings_a_month_of_everything() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected(&house).await.unwrap();
        let status = status(&house, user).await.unwrap();
        assert!(status.connected, "{status:?}");
        assert_eq!(status.last_error, None);
        assert_eq!(status.syncs[0].outcome.as_ref().unwrap().synced.errors, []);
        let manifest = house.engine.provider("oura").unwrap().manifest();
        let missing: Vec<_> =
            manifest.collections.iter().filter(|known| !status.counts.contains_key(&known.id)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let log = log(&house, user).await.unwrap();
        let records = records(&house, user).await.unwrap();
        let (added, revised): (Vec<_>, Vec<_>) = log.iter().partition(|event| event.change_type == ChangeType::Added);
        assert_eq!(added.len(), records.len());
        // A page may end in the middle of a day: the next one adds to its series.
        assert!(revised.iter().all(|event| matches!(event.kind, Kind::HeartRate | Kind::Battery)), "{revised:?}");
    }
}

#[tokio::test]
async fn a_second_backfill_changes_nothing() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected(&house).await.unwrap();
        let before = (log(&house, user).await.unwrap(), records(&house, user).await.unwrap().len());
        let outcome = sync(&house, user, 30, "all").await.unwrap();
        assert!(outcome.success, "{outcome:?}");
        assert_eq!(before, (log(&house, user).await.unwrap(), records(&house, user).await.unwrap().len()));
    }
}

#[tokio::test]
async fn the_context_tells_the_scores_of_the_provider() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (user, _) = connected(&house).await.unwrap();
        let records = records(&house, user).await.unwrap();
        let newest = records.iter().rfind(|record| record.kind == Kind::SleepScore).unwrap();
        let Body::SleepScore(sleep) = &newest.record.body else { panic!("{newest:?}") };
        let told = house.engine.tell(user, None).await.unwrap().context.unwrap().to_markdown();
        let line = format!("- **Sleep Score**: {}/100", sleep.score.unwrap());
        assert!(told.contains(&line), "{line} is not in:\n{told}");
        assert!(told.starts_with("# Health Data from Oura (synced just now)"), "{told}");
    }
}

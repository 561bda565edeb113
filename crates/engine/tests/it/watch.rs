//! What administrators see as it happens: that there are changes, not of what.

use std::time::Duration;

use engine::{Ended, Glimpse, Watch};
use model::{Actor, Kind, Sharing, Topic};
use testkit::{Engine, House};
use tokio::time::timeout;

use crate::stream::grow;

/// Nothing here takes so long, unless it never comes.
const NEVER: Duration = Duration::from_secs(20);

async fn seen(house: &House, watch: &mut Watch, reader: Option<&Sharing>) -> Vec<Glimpse> {
    let next = house.while_time_passes(timeout(NEVER, watch.next())).await;
    let watched = next.expect("nothing came").unwrap();
    watch.take(&watched, reader).await.unwrap()
}

#[tokio::test]
async fn all_people_s_changes_are_seen_from_every_process() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (ada, ben) = (house.somebody().await.unwrap().id, house.somebody().await.unwrap().id);
        grow(&house.test.db, ada, &[Kind::Sleep; 3]).await;
        let next_door = house.test.again().await.unwrap();
        let mut watch = house.engine.watch().await.unwrap();
        for (user, db, first) in [(ada, &house.test.db, 4), (ada, &next_door, 5), (ben, &next_door, 1)] {
            grow(db, user, &[Kind::Sleep]).await;
            let glimpses = seen(&house, &mut watch, None).await;
            let words: Vec<_> = glimpses.iter().map(|it| (it.user_id, it.position, it.kind)).collect();
            assert_eq!(words, [(user, first, Kind::Sleep)]);
        }
        house.clock.turn(Duration::from_hours(2));
        let quiet = timeout(Duration::from_millis(50), watch.next()).await;
        assert!(quiet.is_err(), "nothing is shown twice: {quiet:?}");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_hides_nothing_that_others_add() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let ada = house.somebody().await.unwrap().id;
        let next_door = house.test.again().await.unwrap();
        let mut watch = house.engine.watch().await.unwrap();
        for (db, position) in [(&house.test.db, 1), (&house.test.db, 2), (&next_door, 3)] {
            grow(db, ada, &[Kind::Sleep]).await;
            assert_eq!(seen(&house, &mut watch, None).await[0].position, position);
            if position == 1 {
                house.clock.set_by(jiff::SignedDuration::from_hours(-1));
            }
        }
    }
}

#[tokio::test]
async fn a_glimpse_says_that_something_changed_and_not_what() {
    let house = House::new(Engine::Sqlite).await.unwrap();
    let ada = house.somebody().await.unwrap().id;
    let mut watch = house.engine.watch().await.unwrap();
    grow(&house.test.db, ada, &[Kind::Sleep]).await;
    let glimpses = seen(&house, &mut watch, None).await;
    let shown = serde_json::to_value(&glimpses[0]).unwrap();
    let names: Vec<_> = shown.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["user_id", "position", "type", "provider", "kind", "at"]);
}

#[tokio::test]
async fn a_program_that_watches_sees_what_is_shared() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let ada = house.somebody().await.unwrap().id;
        let mut watch = house.engine.watch().await.unwrap();
        let mut sharing = Sharing::default();
        sharing.set(Topic::Sleep, false);
        house.engine.set_sharing(&Actor::User(ada), ada, &sharing).await.unwrap();
        grow(&house.test.db, ada, &[Kind::Sleep, Kind::Activity]).await;
        let glimpses = seen(&house, &mut watch, Some(&Sharing::default())).await;
        assert_eq!(glimpses.iter().map(|it| it.kind).collect::<Vec<_>>(), [Kind::Activity]);
    }
}

#[tokio::test]
async fn a_watch_ends_with_its_server() {
    let house = House::new(Engine::Sqlite).await.unwrap();
    let mut watch = house.engine.watch().await.unwrap();
    house.engine.close_streams();
    let ended = timeout(NEVER, watch.next()).await.expect("it goes on");
    assert!(matches!(ended, Err(Ended::Closing)), "{ended:?}");
    drop(watch);
    timeout(NEVER, house.engine.drain()).await.expect("somebody still watches");
}

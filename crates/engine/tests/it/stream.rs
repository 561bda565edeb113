//! Reading along: each position once, in order, whatever happens to the reader, the log and the process.

use std::{collections::BTreeSet, time::Duration};

use engine::{Ended, Error, Filter, Follow, Said};
use model::{ChangeType, Kind, Sharing, Topic, UserId};
use store::{Db, NewChange};
use testkit::{Engine, House, run};
use tokio::time::timeout;

/// Nothing here takes so long, unless it never comes.
const NEVER: Duration = Duration::from_secs(20);

/// Adds changes to a log, as a sync would, and says where it ends.
pub(crate) async fn grow(db: &Db, user: UserId, kinds: &[Kind]) -> i64 {
    let now = jiff::Timestamp::from_second(1_769_439_600).unwrap();
    let change = |kind: &Kind| NewChange {
        change_type: ChangeType::Added,
        record_id: db.random().id(now),
        kind: *kind,
        day: None,
    };
    let changes: Vec<_> = kinds.iter().map(change).collect();
    let mut tx = db.write().await.unwrap();
    let head = tx.append_changes(user, "oura", db.random().id(now), &changes, now).await.unwrap();
    tx.commit().await.unwrap();
    head
}

/// What a reader is told next.
async fn told(follow: &mut Follow, reader: Option<&Sharing>) -> Vec<Said> {
    timeout(NEVER, follow.ready()).await.expect("nothing came").unwrap();
    follow.take(reader).await.unwrap()
}

/// What was said, in a few letters: the positions of events, `→` a cursor, `!` a reset.
fn words(said: &[Said]) -> String {
    let word = |said: &Said| match said {
        Said::Event(event) => event.change.position.to_string(),
        Said::Cursor(position) => format!("→{position}"),
        Said::Reset { floor, head } => format!("!{floor}/{head}"),
    };
    said.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_position_comes_once_however_often_a_reader_comes_back() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let (neighbour, neighbours_db) = (house.next_door().await.unwrap(), house.test.again().await.unwrap());
        let processes = [&house.engine, &neighbour];
        let growing = async {
            for round in 0..60_usize {
                let db = if round % 2 == 0 { &house.test.db } else { &neighbours_db };
                grow(db, user, &vec![Kind::Sleep; 1 + round % 7]).await;
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        };
        let total: i64 = (0..60).map(|round| 1 + round % 7).sum();
        let reading = async {
            let mut positions = Vec::new();
            let mut visits = 0;
            while positions.len() < usize::try_from(total).unwrap() {
                let after = positions.last().copied().unwrap_or(0);
                let engine = processes[visits % 2];
                let mut follow = engine.follow(user, Filter::default(), Some(after)).await.unwrap();
                for _ in 0..=visits % 3 {
                    if positions.len() < usize::try_from(total).unwrap() {
                        positions.extend(told(&mut follow, None).await.iter().map(Said::position));
                    }
                }
                visits += 1;
            }
            (positions, visits)
        };
        let both = house.while_time_passes(async { tokio::join!(growing, reading).1 });
        let (positions, visits) = timeout(NEVER, both).await.expect("something is missing");
        assert!(positions.iter().copied().eq(1..=total), "{positions:?}");
        assert!(visits > 5, "{visits}");
    }
}

#[tokio::test]
async fn a_reader_gets_what_it_missed_and_then_what_is_new() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        grow(&house.test.db, user, &[Kind::Sleep; 3]).await;
        let mut late = house.engine.follow(user, Filter::default(), Some(1)).await.unwrap();
        let mut new = house.engine.follow(user, Filter::default(), None).await.unwrap();
        assert_eq!((late.position(), new.position()), (1, 3));
        assert_eq!(words(&told(&mut late, None).await), "2 3");
        grow(&house.test.db, user, &[Kind::Sleep, Kind::Sleep]).await;
        assert_eq!(words(&told(&mut late, None).await), "4 5");
        assert_eq!(words(&told(&mut new, None).await), "4 5");
        assert_eq!((late.position(), new.position()), (5, 5));
    }
}

#[tokio::test]
async fn what_was_found_and_not_taken_is_not_lost() {
    let house = House::new(Engine::Sqlite).await.unwrap();
    let user = house.somebody().await.unwrap().id;
    let mut follow = house.engine.follow(user, Filter::default(), None).await.unwrap();
    grow(&house.test.db, user, &[Kind::Sleep]).await;
    for _ in 0..3 {
        timeout(NEVER, follow.ready()).await.expect("nothing came").unwrap();
    }
    grow(&house.test.db, user, &[Kind::Sleep]).await;
    assert_eq!(words(&told(&mut follow, None).await), "1");
    assert_eq!(words(&told(&mut follow, None).await), "2");
    assert_eq!(words(&follow.take(None).await.unwrap()), "", "there is nothing to take");
}

#[tokio::test]
async fn a_quiet_reader_moves_on_too() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let nights = Filter { kinds: vec![Kind::Sleep], providers: Vec::new() };
        let mut follow = house.engine.follow(user, nights.clone(), Some(0)).await.unwrap();
        grow(&house.test.db, user, &[Kind::Activity, Kind::Sleep, Kind::Activity]).await;
        assert_eq!(words(&told(&mut follow, None).await), "2 →3");
        grow(&house.test.db, user, &[Kind::Activity; 4]).await;
        assert_eq!(words(&told(&mut follow, None).await), "→7");
        let elsewhere = Filter { kinds: Vec::new(), providers: vec!["elsewhere".to_owned()] };
        let mut follow = house.engine.follow(user, elsewhere, Some(0)).await.unwrap();
        assert_eq!(words(&told(&mut follow, None).await), "→7");
        let (events, next, head) = house.engine.events(user, None, &nights, 0, 5).await.unwrap();
        let positions: Vec<_> = events.iter().map(|event| event.position).collect();
        assert_eq!((positions, next, head), (vec![2], 5, 7));
    }
}

#[tokio::test]
async fn a_cursor_below_the_floor_is_told_so() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        grow(&house.test.db, user, &[Kind::Sleep; 8]).await;
        run(&house.test, "delete from changes where position <= 5").await.unwrap();
        run(&house.test, "update logs set floor = 5").await.unwrap();
        let mut follow = house.engine.follow(user, Filter::default(), Some(4)).await.unwrap();
        assert_eq!(words(&told(&mut follow, None).await), "!5/8");
        grow(&house.test.db, user, &[Kind::Sleep]).await;
        assert_eq!(words(&told(&mut follow, None).await), "9");
        let mut follow = house.engine.follow(user, Filter::default(), Some(5)).await.unwrap();
        assert_eq!(words(&told(&mut follow, None).await), "6 7 8 9");
        let expired = house.engine.events(user, None, &Filter::default(), 4, 10).await;
        assert!(matches!(expired, Err(Error::Expired { floor: 5, head: 9 })), "{expired:?}");
        assert_eq!(house.engine.events(user, None, &Filter::default(), 5, 10).await.unwrap().0.len(), 4);
        for odd in [10, -1] {
            let refused = house.engine.follow(user, Filter::default(), Some(odd)).await.err();
            assert!(matches!(refused, Some(Error::Invalid { field: "after", .. })), "{odd}: {refused:?}");
            assert!(house.engine.events(user, None, &Filter::default(), odd, 10).await.is_err(), "{odd}");
        }
    }
}

#[tokio::test]
async fn who_falls_behind_reads_the_log_and_misses_nothing() {
    let house = House::new(Engine::Sqlite).await.unwrap();
    let user = house.somebody().await.unwrap().id;
    let mut quick = house.engine.follow(user, Filter::default(), None).await.unwrap();
    let mut slow = house.engine.follow(user, Filter::default(), None).await.unwrap();
    for position in 1..=200 {
        grow(&house.test.db, user, &[Kind::Sleep]).await;
        assert_eq!(words(&told(&mut quick, None).await), position.to_string());
    }
    let mut positions = Vec::new();
    while positions.len() < 200 {
        positions.extend(told(&mut slow, None).await.iter().map(Said::position));
    }
    assert!(positions.iter().copied().eq(1..=200), "{positions:?}");
}

#[tokio::test]
async fn what_is_no_longer_shared_is_not_told_even_when_it_was_found_before() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let mut follow = house.engine.follow(user, Filter::default(), None).await.unwrap();
        grow(&house.test.db, user, &[Kind::Sleep, Kind::Activity]).await;
        timeout(NEVER, follow.ready()).await.expect("nothing came").unwrap();
        let mut sharing = Sharing::default();
        sharing.set(Topic::Sleep, false);
        house.engine.set_sharing(&model::Actor::User(user), user, &sharing).await.unwrap();
        let reader = Sharing { everything: true, topics: BTreeSet::from([Topic::Sleep, Topic::Activity]) };
        assert_eq!(words(&follow.take(Some(&reader)).await.unwrap()), "2");
        grow(&house.test.db, user, &[Kind::Sleep]).await;
        assert_eq!(words(&told(&mut follow, Some(&reader)).await), "→3");
        grow(&house.test.db, user, &[Kind::Sleep]).await;
        assert_eq!(words(&told(&mut follow, None).await), "4", "the person in a browser sees everything");
    }
}

#[tokio::test]
async fn streams_end_with_their_server_and_with_their_person() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let (ada, ben) = (house.somebody().await.unwrap().id, house.somebody().await.unwrap().id);
        let mut adas = house.engine.follow(ada, Filter::default(), None).await.unwrap();
        let mut bens = house.engine.follow(ben, Filter::default(), None).await.unwrap();
        run(&house.test, format!("delete from logs where user_id = '{ada}'")).await.unwrap();
        let ended = house.while_time_passes(timeout(NEVER, adas.ready())).await.expect("it goes on");
        assert!(matches!(ended, Err(Ended::Gone)), "{ended:?}");
        let nobody = house.engine.follow(ada, Filter::default(), None).await.err();
        assert!(matches!(nobody, Some(Error::NotFound("user"))), "{nobody:?}");
        house.engine.close_streams();
        let ended = timeout(NEVER, bens.ready()).await.expect("it goes on");
        assert!(matches!(ended, Err(Ended::Closing)), "{ended:?}");
        drop((adas, bens));
        timeout(NEVER, house.engine.drain()).await.expect("somebody still reads along");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_hides_nothing_that_others_add() {
    for database in Engine::all() {
        let house = House::new(database).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let neighbours_db = house.test.again().await.unwrap();
        let mut follow = house.engine.follow(user, Filter::default(), None).await.unwrap();
        grow(&house.test.db, user, &[Kind::Sleep]).await;
        assert_eq!(words(&told(&mut follow, None).await), "1");
        house.clock.set_by(jiff::SignedDuration::from_hours(-1));
        grow(&house.test.db, user, &[Kind::Sleep]).await;
        assert_eq!(words(&told(&mut follow, None).await), "2");
        grow(&neighbours_db, user, &[Kind::Sleep]).await;
        assert_eq!(words(&house.while_time_passes(told(&mut follow, None)).await), "3", "not only after an hour");
    }
}

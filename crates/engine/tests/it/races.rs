//! Hundreds tell of the same things while syncs and a disconnect run: in the end it is as if one had come after another.

use std::time::Duration;

use jiff::SignedDuration;
use model::{Actor, Operation, Random, UserId};
use sandbox::{Fault, FaultKind};
use testkit::{Engine, SignedDelivery, count};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    people::{HOUR, MINUTE, OURA, log, rounds, status, sync_with},
    told::{SCORES, Told, accept, scores_of},
};

/// Deliveries at once; each thing is told of by a few hundred of them.
const DELIVERIES: usize = 400;
/// Syncs whose answers come last.
const LAGGARDS: u32 = 6;
const LIST: &str = "/v2/usercollection/daily_sleep";
const OBJECTS: [&str; 3] = ["first", "second", "third"];
/// About as long as it takes to attend to one.
const ONE_TAKES_MILLIS: f64 = 30.0;
const PATIENCE: Duration = Duration::from_secs(60);
const UNSETTLED: &str = "select (select count(*) from bundles) + \
    (select count(*) from deliveries where state in ('received', 'waiting', 'dead'))";

/// Two processes, and all that is done in them at once.
struct Crowd<'a> {
    told: &'a Told,
    doors: [engine::Engine; 2],
    calls: JoinSet<()>,
}

impl<'a> Crowd<'a> {
    async fn new(told: &'a Told) -> Self {
        let doors = [told.house.engine.clone(), told.house.next_door().await.unwrap()];
        Self { told, doors, calls: JoinSet::new() }
    }

    /// Everybody tells of the same few things.
    fn tell(&mut self) {
        for number in 0..DELIVERIES {
            let operations = [Operation::Create, Operation::Update, Operation::Delete];
            let (operation, object) = (operations[number % 3], OBJECTS[number / 3 % 3]);
            // Of two that say the same one may be dropped: these differ.
            let at = self.told.house.now() - SignedDuration::from_millis(i64::try_from(number / 9).unwrap());
            let delivery = SignedDelivery::of(&self.told.account, operation, SCORES, object, at);
            let door = self.doors[number % 2].clone();
            self.calls.spawn(async move {
                accept(&door, &delivery).await.unwrap();
            });
        }
    }

    /// Some syncs begin, and what they are answered now reaches them when an hour has passed.
    async fn lag(&self, user: UserId) -> JoinSet<()> {
        let house = &self.told.house;
        house.faults().inject(Fault::of(FaultKind::Slow).on(LIST).seconds(3600).times(LAGGARDS));
        let mut laggards = JoinSet::new();
        for number in 0..LAGGARDS {
            let door = self.doors[number as usize % 2].clone();
            laggards.spawn(async move {
                let _ = sync_with(&door, user, 4, "daily_sleep").await;
            });
        }
        while !house.faults().waiting().is_empty() {
            tokio::task::yield_now().await;
        }
        laggards
    }

    /// Both work, and somebody syncs again and again.
    fn work(&mut self, user: UserId) {
        for number in 0..12 {
            let door = self.doors[number % 2].clone();
            self.calls.spawn(async move {
                door.run_due().await.unwrap();
            });
            let door = self.doors[(number + 1) % 2].clone();
            self.calls.spawn(async move {
                // Who is disconnected meanwhile cannot sync.
                let _ = sync_with(&door, user, 4, "daily_sleep").await;
            });
        }
    }

    async fn end(mut self, laggards: JoinSet<()>) {
        while let Some(done) = self.calls.join_next().await {
            done.unwrap();
        }
        self.told.house.clock.turn(HOUR);
        self.told.house.while_time_passes(laggards.join_all()).await;
        for _ in 0..3 {
            for door in &self.doors {
                door.run_due().await.unwrap();
            }
            self.told.house.clock.turn(HOUR);
        }
        assert_eq!(count(&self.told.house.test, UNSETTLED).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_and_syncs_end_where_one_alone_would() {
    for database in Engine::all() {
        for _ in 0..rounds(1) {
            let told = Told::new(database).await;
            let mut crowd = Crowd::new(&told).await;
            told.provider_has(&[
                ("first", "2026-01-24", 71),
                ("second", "2026-01-25", 81),
                ("third", "2026-01-26", 91),
            ]);
            let laggards = crowd.lag(told.user).await;
            crowd.tell();
            crowd.work(told.user);
            for score in 0..20 {
                let scores = [("first", "2026-01-24", 50 + score), ("third", "2026-01-26", 30 + score)];
                told.provider_has(&scores[usize::try_from(score % 2).unwrap()..]);
                tokio::task::yield_now().await;
            }
            told.provider_has(&[("first", "2026-01-24", 99), ("third", "2026-01-26", 33)]);
            crowd.tell();
            crowd.work(told.user);
            crowd.end(laggards).await;
            assert_eq!(told.scores().await, [("first".into(), 99), ("third".into(), 33)]);
            assert_eq!(status(&told.house, told.user).await.unwrap().state, "active");
            told.log().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_disconnects_in_a_crowd_is_left_with_nothing_and_takes_nothing_from_others() {
    for database in Engine::all() {
        for _ in 0..rounds(1) {
            let told = Told::new(database).await;
            let other = told.house.somebody().await.unwrap().id;
            told.house.connect_to(other, &["sleep"]).await.unwrap();
            told.work().await;
            told.provider_has(&[("first", "2026-01-24", 71), ("third", "2026-01-26", 91)]);
            let mut crowd = Crowd::new(&told).await;
            let laggards = crowd.lag(told.user).await;
            crowd.tell();
            crowd.work(told.user);
            let (engine, user) = (crowd.doors[1].clone(), told.user);
            crowd.calls.spawn(async move {
                engine.disconnect(&Actor::User(user), user, OURA, false).await.unwrap();
            });
            crowd.end(laggards).await;
            assert_eq!(told.scores().await, [], "nothing comes back");
            let of_user = |table: &str| format!("select count(*) from {table} where user_id = '{}'", told.user);
            for table in ["pages", "notices", "credentials"] {
                assert_eq!(count(&told.house.test, of_user(table)).await.unwrap(), 0, "{table}");
            }
            told.log().await;
            assert_eq!(scores_of(&told.house, other).await, [("first".into(), 71), ("third".into(), 91)]);
            log(&told.house, other).await.unwrap();

            told.house.connect_to(told.user, &["sleep"]).await.unwrap();
            told.house.clock.turn(MINUTE);
            told.work().await;
            assert_eq!(told.scores().await, scores_of(&told.house, other).await);
        }
    }
}

/// The clock stands still: what is not done at once is never done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_the_last_is_being_finished_is_not_left_lying() {
    for database in Engine::all() {
        let told = Told::new(database).await;
        let stop = CancellationToken::new();
        let (engine, token) = (told.house.engine.clone(), stop.clone());
        let worker = tokio::spawn(async move { engine.work(token).await });
        for _ in 0..rounds(60) {
            told.tell(Operation::Update, "first").await;
            let moment = Duration::from_secs_f64(Random::system().fraction() * ONE_TAKES_MILLIS / 1000.0);
            tokio::time::sleep(moment).await;
            told.tell(Operation::Update, "second").await;
            let done = async {
                while count(&told.house.test, UNSETTLED).await.unwrap() > 0 {
                    tokio::task::yield_now().await;
                }
            };
            timeout(PATIENCE, done).await.expect("something is left lying");
        }
        stop.cancel();
        worker.await.unwrap();
    }
}

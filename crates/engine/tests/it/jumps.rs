//! Clocks that jump: a machine that slept for a day, one that is a day ahead, one that is set back an hour.

use std::time::Duration;

use engine::{Delivery, Error};
use jiff::SignedDuration;
use model::{Clock, DeliveryState, Operation};
use testkit::{Engine, SignedDelivery, count};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    people::{MINUTE, status, sync_with},
    refresh::{refreshes, state},
    told::{SCORES, Told, accept},
};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// In how many steps a while passes, and how often to look for what is done in no time.
const STEPS: u32 = 100;
const LOOKS: u32 = 10_000;
const MOMENT: SignedDuration = SignedDuration::from_mins(1);
const AN_HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Somebody whose server has a clock of its own.
struct Apart {
    told: Told,
    clock: Clock,
    engine: engine::Engine,
    stop: CancellationToken,
    worker: JoinHandle<()>,
}

impl Apart {
    async fn new(database: Engine) -> Self {
        let told = Told::new(database).await;
        let clock = Clock::stopped_at(told.house.now());
        let engine = told.house.by_its_own_clock(&clock).await.unwrap();
        let stop = CancellationToken::new();
        let (working, token) = (engine.clone(), stop.clone());
        let worker = tokio::spawn(async move { working.work(token).await });
        Self { told, clock, engine, stop, worker }
    }

    async fn tell(&self, operation: Operation, object: &str) -> engine::Result<()> {
        self.pass(Duration::from_secs(1)).await;
        let delivery = SignedDelivery::of(&self.told.account, operation, SCORES, object, self.told.house.now());
        accept(&self.engine, &delivery).await
    }

    /// Time passes, by both clocks.
    async fn pass(&self, time: Duration) {
        self.told.house.clock.turn(time);
        self.clock.turn(time);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }

    /// Everything is settled before so much time has passed; the work itself takes no time by these clocks.
    async fn settles_within(&self, time: Duration) {
        for _ in 0..STEPS {
            if self.is_settled().await {
                return;
            }
            self.pass(time / STEPS).await;
        }
        for _ in 0..LOOKS {
            if self.is_settled().await {
                return;
            }
            self.pass(Duration::from_millis(1)).await;
        }
        panic!("after {time:?} it is {}: {:#?}", self.clock.now(), self.unsettled().await);
    }

    /// Something can be counted before long.
    async fn comes_to(&self, counted: &str) {
        for _ in 0..LOOKS {
            if count(&self.told.house.test, counted).await.unwrap() > 0 {
                return;
            }
            self.pass(Duration::from_millis(1)).await;
        }
        panic!("it does not come to {counted}");
    }

    async fn is_settled(&self) -> bool {
        self.told.unopened().await == 0 && self.unsettled().await.is_empty()
    }

    async fn unsettled(&self) -> Vec<Delivery> {
        let mut deliveries = self.told.deliveries().await;
        deliveries.retain(|delivery| delivery.state != DeliveryState::Applied);
        deliveries
    }

    async fn is_well(&self) {
        assert_eq!(state(&self.told.house, self.told.user).await, ("active", None));
        let outcome = sync_with(&self.engine, self.told.user, 3, "daily_sleep").await.unwrap();
        assert!(outcome.success, "{outcome:?}");
        assert_eq!(status(&self.told.house, self.told.user).await.unwrap().last_error, None);
        self.told.log().await;
    }

    async fn end(self) {
        self.stop.cancel();
        self.worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_slept_for_a_day_goes_on() {
    for database in Engine::all() {
        let apart = Apart::new(database).await;
        apart.told.provider_has(&[("first", "2026-01-24", 71), ("third", "2026-01-27", 90)]);
        apart.tell(Operation::Update, "first").await.unwrap();
        apart.clock.set_by(DAY);
        apart.told.house.clock.set_by(DAY);
        apart.tell(Operation::Create, "third").await.unwrap();
        apart.tell(Operation::Delete, "second").await.unwrap();
        apart.settles_within(MINUTE).await;
        assert_eq!(apart.told.scores().await, [("first".into(), 71), ("third".into(), 90)]);
        apart.is_well().await;
        assert_eq!(refreshes(&apart.told.house).1, 0);
        apart.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_an_hour_delays_nothing_for_longer() {
    for database in Engine::all() {
        let apart = Apart::new(database).await;
        apart.told.provider_has(&[("first", "2026-01-24", 71), ("second", "2026-01-25", 81)]);
        apart.clock.set_by(AN_HOUR);
        for round in 0..20 {
            // The first is at any stage when the clock is set.
            let object = if round % 2 == 0 { "first" } else { "second" };
            apart.tell(Operation::Update, object).await.unwrap();
            if round == 10 {
                apart.clock.set_by(-AN_HOUR);
            }
        }
        apart.tell(Operation::Delete, "third").await.unwrap();
        apart.settles_within(61 * MINUTE).await;
        apart.tell(Operation::Update, "first").await.unwrap();
        apart.settles_within(MINUTE).await;
        assert_eq!(apart.told.scores().await, [("first".into(), 71), ("second".into(), 81)]);
        apart.is_well().await;
        apart.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_a_day_ahead_is_set_right() {
    for database in Engine::all() {
        let apart = Apart::new(database).await;
        apart.told.provider_has(&[("first", "2026-01-24", 71), ("second", "2026-01-25", 81)]);
        apart.tell(Operation::Update, "first").await.unwrap();
        apart.clock.set_by(DAY + MOMENT);
        assert!(matches!(apart.tell(Operation::Update, "second").await, Err(Error::Stale)), "it looks a day old");
        apart.settles_within(MINUTE).await;
        apart.is_well().await;
        apart.clock.set_by(-DAY - MOMENT);
        apart.told.provider_has(&[("first", "2026-01-24", 72), ("second", "2026-01-25", 82)]);
        for object in ["first", "second"] {
            apart.tell(Operation::Update, object).await.unwrap();
        }
        apart.settles_within(MINUTE).await;
        assert_eq!(apart.told.scores().await, [("first".into(), 72), ("second".into(), 82)]);
        apart.is_well().await;
        apart.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_a_year_ahead_for_a_while_forgets_nothing_and_puts_nothing_off() {
    for database in Engine::all() {
        let apart = Apart::new(database).await;
        let before = apart.told.scores().await;
        apart.comes_to("select count(*) from housekeeping").await;
        apart.clock.set_by(DAY * 366);
        apart.comes_to("select count(*) from housekeeping where doubted_at is not null").await;
        apart.clock.set_by(-DAY * 366);
        apart.pass(31 * MINUTE).await;
        for (job, within) in [("keep", DAY), ("sweep", AN_HOUR / 2)] {
            let soon = (apart.clock.now() + within).as_millisecond();
            let due = "select count(*) from jobs where finished_at is null and run_at <=";
            apart.comes_to(&format!("{due} {soon} and type = '{job}'")).await;
        }
        assert_eq!(apart.told.scores().await, before);
        apart.told.log().await;
        apart.end().await;
    }
}

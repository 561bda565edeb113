//! Somebody with a few sleep scores of our own making, and a provider that tells of them.

use std::time::Duration;

use engine::{Delivery, DeliveryQuery, Received};
use jiff::Timestamp;
use model::{Change, ChangeType, ConnectionId, DeliveryState, Kind, NoticeState, Operation, UserId, record::Body};
use testkit::{Engine, House, Plan, SignedDelivery, count};

use crate::{
    people::{OURA, log, records},
    replayed::Recording,
};

/// What the provider calls the scores in its notices.
pub(crate) const SCORES: &str = "daily_sleep";
/// Where they are asked for.
pub(crate) const DOCUMENTS: &str = "/v2/usercollection/daily_sleep";

/// A house, somebody who is connected, and what the provider has of them.
pub(crate) struct Told {
    pub(crate) house: House,
    pub(crate) user: UserId,
    pub(crate) connection: ConnectionId,
    pub(crate) account: String,
    recording: Recording,
}

impl Told {
    /// Two scores are here already: 70 and 80, by the names of `first` and `second`.
    pub(crate) async fn new(database: Engine) -> Self {
        Self::planned(database, Plan::default()).await
    }

    pub(crate) async fn planned(database: Engine, plan: Plan) -> Self {
        let house = House::planned(database, plan).await.unwrap();
        let user = house.somebody().await.unwrap().id;
        let connection = house.connect_to(user, &["sleep"]).await.unwrap();
        let account = account_of(&house, user, connection).await;
        let told = Self { house, user, connection, account, recording: Recording::new().unwrap() };
        told.provider_has(&[("first", "2026-01-24", 70), ("second", "2026-01-25", 80)]);
        told.house.engine.run_due().await.unwrap();
        assert_eq!(told.scores().await, [("first".to_owned(), 70), ("second".to_owned(), 80)]);
        told
    }

    /// From now on the provider has these, by name, day and score.
    pub(crate) fn provider_has(&self, scores: &[(&str, &str, i64)]) {
        self.recording.serve_as(&self.house, scores).unwrap();
    }

    /// The provider tells of one score.
    pub(crate) async fn tell(&self, operation: Operation, object: &str) {
        self.tell_of(&self.account, operation, SCORES, object).await;
    }

    pub(crate) async fn tell_of(&self, account: &str, operation: Operation, data_type: &str, object: &str) {
        // No two come at the same instant, so that their order is known.
        self.house.clock.turn(Duration::from_millis(1));
        let second = Timestamp::from_second(self.house.now().as_second()).unwrap();
        let delivery = SignedDelivery::of(account, operation, data_type, object, second);
        accept(&self.house.engine, &delivery).await.unwrap();
    }

    pub(crate) async fn work(&self) {
        self.house.engine.run_due().await.unwrap();
    }

    /// The scores that are here, by their names.
    pub(crate) async fn scores(&self) -> Vec<(String, i64)> {
        scores_of(&self.house, self.user).await
    }

    pub(crate) async fn log(&self) -> Vec<Change> {
        log(&self.house, self.user).await.unwrap()
    }

    /// How what came after the first two scores changed things.
    pub(crate) async fn changes(&self) -> Vec<ChangeType> {
        self.log().await.into_iter().skip(2).map(|change| change.change_type).collect()
    }

    /// How often a score was asked for by its name.
    pub(crate) fn asked(&self) -> u64 {
        self.house.faults().stats().requests_to(&format!("{DOCUMENTS}/{{document_id}}"))
    }

    /// The deliveries, the oldest first.
    pub(crate) async fn deliveries(&self) -> Vec<Delivery> {
        let wanted = DeliveryQuery { limit: 1000, ..DeliveryQuery::default() };
        let mut deliveries = self.house.engine.deliveries(&wanted).await.unwrap();
        deliveries.reverse();
        deliveries
    }

    /// How many deliveries are still in bundles.
    pub(crate) async fn unopened(&self) -> i64 {
        let sql = "select cast(coalesce(sum(deliveries), 0) as bigint) from bundles";
        count(&self.house.test, sql).await.unwrap()
    }

    /// Gives those deliveries rows of their own.
    pub(crate) async fn lay_out(&self) {
        let now = self.house.now();
        let mut tx = self.house.test.db.write().await.unwrap();
        while let Some(bundle) = tx.take_bundle(now).await.unwrap() {
            let deliveries = tx.open_bundle(&bundle).await.unwrap();
            tx.lay_out_deliveries(&deliveries, now).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Where the only delivery stands, and its notices.
    pub(crate) async fn only(&self) -> (DeliveryState, Vec<NoticeState>) {
        let (unopened, deliveries) = (self.unopened().await, self.deliveries().await);
        if deliveries.is_empty() && unopened == 1 {
            return (DeliveryState::Received, Vec::new());
        }
        let [delivery] = deliveries.as_slice() else { panic!("{deliveries:?}") };
        (delivery.state, delivery.notices.iter().map(|notice| notice.state).collect())
    }
}

pub(crate) async fn accept(engine: &engine::Engine, delivery: &SignedDelivery) -> engine::Result<()> {
    engine.accept(OURA, Received { headers: &delivery.headers, body: &delivery.body }).await
}

/// A delivery of the account, signed at an instant.
pub(crate) fn signed_at(told: &Told, at: Timestamp) -> SignedDelivery {
    SignedDelivery::of(&told.account, Operation::Update, SCORES, "first", at)
}

pub(crate) async fn account_of(house: &House, user: UserId, connection: ConnectionId) -> String {
    house.test.db.read().await.unwrap().connection(user, connection).await.unwrap().account.id
}

pub(crate) async fn scores_of(house: &House, user: UserId) -> Vec<(String, i64)> {
    let records = records(house, user).await.unwrap();
    let scores = records.into_iter().filter(|stored| stored.kind == Kind::SleepScore).map(|stored| {
        let Body::SleepScore(score) = stored.record.body else { panic!("no score") };
        #[expect(clippy::cast_possible_truncation, reason = "a score of at most 100")]
        let score = score.score.unwrap() as i64;
        (stored.record.provider_id, score)
    });
    let mut scores: Vec<_> = scores.collect();
    scores.sort();
    scores
}

//! A courier of the provider's: what the sandbox does not send it sends, signed as the provider signs, again until it is
//! answered; so that it is known to the letter what was.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::ensure;
use model::{Clock, Random};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use testkit::SignedDelivery;
use tokio::task::JoinSet;

use crate::{
    api::{eventually, http},
    stand_in::StandIn,
};

/// What the application and the sandbox sign with.
const SECRET: &str = "sandbox-secret";
/// Couriers that are on their way at once.
const COURIERS: usize = 6;
/// How much of what the sandbox has sent lately is looked through.
const LATELY: usize = 1000;
/// One in so many deliveries goes out twice.
const TWINS: f64 = 0.2;
/// Who finds nobody comes again after so long.
const COMES_AGAIN: Duration = Duration::from_millis(10);

/// A courier with its bag. Clones share it.
#[derive(Clone)]
pub(crate) struct Courier {
    http: Client,
    door: String,
    stand_in: StandIn,
    bag: Arc<Mutex<Bag>>,
    /// How many deliveries were answered, and how many refused for now.
    answered: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Bag {
    /// The last webhook of the sandbox's that was looked at.
    last: u64,
    /// What nobody has answered yet.
    unanswered: Vec<Value>,
    /// What has been taken out of the bag, and may have to be put back.
    under_way: usize,
    /// What calls for nothing new, and is delivered when there is nothing else.
    idle: Vec<Value>,
}

impl Courier {
    /// A courier that delivers to a door of the server's.
    pub(crate) fn new(server: &str, stand_in: &StandIn) -> anyhow::Result<Self> {
        let door = format!("{server}/api/v1/integrations/oura/webhook");
        let (bag, answered, refused) = (Arc::default(), Arc::default(), Arc::default());
        Ok(Self { http: http()?, door, stand_in: stand_in.clone(), bag, answered, refused })
    }

    fn bag(&self) -> MutexGuard<'_, Bag> {
        self.bag.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the sandbox sends nothing of a type of data itself.
    pub(crate) async fn takes_over(&self, data_type: &str) -> anyhow::Result<()> {
        let path = format!("/{data_type}");
        self.stand_in.trouble(json!({ "kind": "drop_webhook", "path": path, "times": 1_000_000 })).await
    }

    /// Has things to say about a document that has not changed.
    pub(crate) fn talks_of(&self, account: &str, data_type: &str, id: &str) {
        let notice = json!({
            "event_type": "update",
            "data_type": data_type,
            "object_id": id,
            "event_time": Clock::system().now().to_string(),
            "user_id": account,
        });
        self.bag().idle.push(notice);
    }

    /// Fetches what the sandbox has left undelivered.
    pub(crate) async fn collect(&self) -> anyhow::Result<()> {
        let told = self.stand_in.webhooks(LATELY).await?;
        let mut bag = self.bag();
        let last = bag.last;
        let new = |webhook: &&Value| webhook["id"].as_u64().is_some_and(|id| id > last);
        let dropped = told.iter().filter(new).filter(|webhook| webhook["state"] == "dropped");
        bag.unanswered.extend(dropped.map(|webhook| webhook["notice"].clone()));
        bag.last = told.iter().filter_map(|webhook| webhook["id"].as_u64()).fold(last, u64::max);
        Ok(())
    }

    /// How many deliveries were answered so far.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// How many were refused for now.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    /// Delivers without end.
    pub(crate) async fn go(&self) -> anyhow::Result<()> {
        let mut ways = JoinSet::new();
        for _ in 0..COURIERS {
            let courier = self.clone();
            ways.spawn(async move {
                loop {
                    courier.deliver_one().await?;
                }
            });
        }
        ways.join_next().await.unwrap_or(Ok(Ok(())))?
    }

    /// Talks no more of what has not changed.
    pub(crate) fn falls_silent(&self) {
        self.bag().idle.clear();
    }

    /// Waits until everything was answered.
    pub(crate) async fn is_done(&self) -> anyhow::Result<()> {
        let look = async || {
            let bag = self.bag();
            Ok((bag.unanswered.is_empty() && bag.under_way == 0).then_some(()))
        };
        eventually("the last answer", look).await
    }

    async fn deliver_one(&self) -> anyhow::Result<()> {
        let (notice, matters) = self.take();
        let Some(notice) = notice else {
            tokio::time::sleep(COMES_AGAIN).await;
            return Ok(());
        };
        let twins = Random::system().fraction() < TWINS;
        let answered = if twins {
            let (one, other) = tokio::join!(self.deliver(&notice), self.deliver(&notice));
            one? | other?
        } else {
            self.deliver(&notice).await?
        };
        if matters {
            let mut bag = self.bag();
            bag.under_way -= 1;
            bag.unanswered.extend((!answered).then_some(notice));
        }
        if !answered {
            tokio::time::sleep(COMES_AGAIN).await;
        }
        Ok(())
    }

    /// Anything that is not answered yet, in any order; else something that changes nothing.
    fn take(&self) -> (Option<Value>, bool) {
        let mut bag = self.bag();
        let any = |of: usize| (Random::system().fraction() * of as f64) as usize;
        if bag.unanswered.is_empty() {
            return (bag.idle.get(any(bag.idle.len())).cloned(), false);
        }
        let place = any(bag.unanswered.len());
        bag.under_way += 1;
        (Some(bag.unanswered.swap_remove(place)), true)
    }

    /// Whether it was answered.
    async fn deliver(&self, notice: &Value) -> anyhow::Result<bool> {
        let signed = SignedDelivery::signed_with(SECRET, notice.to_string().as_bytes(), Clock::system().now());
        let request = self.http.post(&self.door).headers(signed.headers).body(signed.body);
        let Ok(answer) = request.send().await else { return Ok(false) };
        let status = answer.status();
        ensure!(status == StatusCode::OK || status == StatusCode::SERVICE_UNAVAILABLE, "answered with {status}");
        let counted = if status == StatusCode::OK { &self.answered } else { &self.refused };
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(status == StatusCode::OK)
    }
}

//! Carries out what was planned, one thing after another, and writes down how each went.

use jiff::{SignedDuration, Timestamp};
use model::SubscriptionState;
use providers::{Api, Error as Trouble, NewSubscription, Subscription as Theirs};
use store::{Subscribed, Subscription as Ours, SubscriptionKey};

use super::plan::{Situation, Step, Topic};
use crate::{Engine, Result, jobs::verdict};

/// A provider that gave nothing so often in a row is not asked for the rest this time.
const MOST_IN_A_ROW: u32 = 3;
/// What somebody else has may become free; nobody is pressed.
const TAKEN: SignedDuration = SignedDuration::from_hours(12);

/// Carries out what was planned.
pub(super) struct Carrier<'a> {
    engine: &'a Engine,
    api: &'a Api,
    situation: &'a Situation,
    /// Spreads what is tried again; the same for all, so that it is tried together.
    fraction: f64,
    in_a_row: u32,
    /// Why nothing more is asked this time, and until when.
    halted: Option<(String, Timestamp)>,
}

impl<'a> Carrier<'a> {
    pub(super) fn new(engine: &'a Engine, api: &'a Api, situation: &'a Situation) -> Self {
        Self { engine, api, situation, fraction: engine.random.fraction(), in_a_row: 0, halted: None }
    }

    /// Until when the rest was put off, where something was.
    pub(super) fn halted_until(&self) -> Option<Timestamp> {
        self.halted.as_ref().map(|(_, until)| *until)
    }

    /// Carries out one step. That the provider does not do it is written down, and no error.
    pub(super) async fn carry(&mut self, step: Step) -> Result<()> {
        if let Some((why, until)) = &self.halted {
            return match step {
                // What is not there yet is shown as such; all else stays as it is.
                Step::Create(topic) => self.missing(&topic, SubscriptionState::Failed, why, *until).await,
                _ => Ok(()),
            };
        }
        match step {
            Step::Forget(id) => {
                let mut tx = self.engine.db.write().await?;
                tx.forget_subscription(id).await?;
                Ok(tx.commit().await?)
            }
            Step::Adopt { topic, provider_id, expires_at } => {
                self.note(&topic, &Subscribed::Had { provider_id, expires_at, renewed: false }).await
            }
            Step::End { provider_id, recorded } => self.end(&provider_id, recorded).await,
            Step::Create(topic) => self.create(&topic).await.map(drop),
            Step::Renew { topic, provider_id } => self.renew(&topic, &provider_id).await,
            Step::Probe { topic, provider_id } => self.probe(&topic, &provider_id).await,
            Step::Replace { topic, provider_id } => self.replace(&topic, &provider_id).await,
        }
    }

    async fn end(&mut self, provider_id: &str, recorded: Option<model::SubscriptionId>) -> Result<()> {
        let ended = self.api.provider.unsubscribe(self.api, provider_id).await;
        let ours = self.situation.ours.iter().find(|ours| Some(ours.id) == recorded);
        match (self.hear(ended), ours) {
            (Ok(()) | Err(Trouble::NotFound), Some(ours)) => {
                let mut tx = self.engine.db.write().await?;
                tx.forget_subscription(ours.id).await?;
                Ok(tx.commit().await?)
            }
            (Ok(()) | Err(Trouble::NotFound), None) => Ok(()),
            (Err(trouble), Some(ours)) => {
                let retry_at = self.retry_at(&trouble, ours.tries);
                let failed =
                    Subscribed::Failed { state: SubscriptionState::Failed, why: trouble.to_string(), retry_at };
                self.note_at(&ours.key, &failed).await
            }
            (Err(trouble), None) => {
                tracing::warn!(provider = self.provider(), error = %trouble, "a subscription of ours could not be ended");
                Ok(())
            }
        }
    }

    /// Says why it could not, where it could not.
    async fn create(&mut self, topic: &Topic) -> Result<Option<Trouble>> {
        let created = self.api.provider.subscribe(self.api, &self.new_subscription(topic)?).await;
        match self.hear(created) {
            Ok(theirs) => {
                self.note(topic, &had(theirs, false)).await?;
                Ok(None)
            }
            // RFC 9110, section 15.5.10: it is in conflict with what is there.
            Err(trouble @ Trouble::Rejected(409)) => {
                let until = self.engine.clock.now().saturating_add(TAKEN).unwrap_or(Timestamp::MAX);
                let why = "somebody else's subscription is in its place";
                self.missing(topic, SubscriptionState::Taken, why, until).await?;
                Ok(Some(trouble))
            }
            Err(trouble) => {
                let retry_at = self.retry_at(&trouble, self.tries(topic));
                self.missing(topic, SubscriptionState::Failed, &trouble.to_string(), retry_at).await?;
                Ok(Some(trouble))
            }
        }
    }

    async fn renew(&mut self, topic: &Topic, provider_id: &str) -> Result<()> {
        let renewed = self.api.provider.renew(self.api, provider_id).await;
        match self.hear(renewed) {
            Ok(theirs) => self.note(topic, &had(theirs, true)).await,
            Err(Trouble::NotFound) => self.create(topic).await.map(drop),
            // It serves until it ends.
            Err(trouble) => self.failed(topic, &trouble).await,
        }
    }

    async fn probe(&mut self, topic: &Topic, provider_id: &str) -> Result<()> {
        let probed = self.api.provider.probe(self.api, provider_id, &self.new_subscription(topic)?).await;
        match self.hear(probed) {
            Ok(theirs) => self.note(topic, &had(theirs, false)).await,
            Err(Trouble::NotFound) => self.create(topic).await.map(drop),
            // Of this one alone; all else may pass, and what is ended meanwhile could not be made again.
            Err(Trouble::Rejected(_) | Trouble::Malformed(_)) => self.replace(topic, provider_id).await,
            Err(trouble) => self.failed(topic, &trouble).await,
        }
    }

    /// Ends a subscription and makes it anew. Where that fails nothing else is touched: it would be lost as well.
    async fn replace(&mut self, topic: &Topic, provider_id: &str) -> Result<()> {
        let ended = self.api.provider.unsubscribe(self.api, provider_id).await;
        match self.hear(ended) {
            Ok(()) | Err(Trouble::NotFound) => {}
            Err(trouble) => return self.failed(topic, &trouble).await,
        }
        if let Some(ours) = self.record(topic) {
            let mut tx = self.engine.db.write().await?;
            tx.forget_subscription(ours.id).await?;
            tx.commit().await?;
        }
        if let Some(trouble) = self.create(topic).await? {
            let until = self.retry_at(&trouble, self.tries(topic));
            self.halted.get_or_insert((trouble.to_string(), until));
        }
        Ok(())
    }

    fn new_subscription(&self, topic: &Topic) -> Result<NewSubscription> {
        let (data_type, operation) = topic.clone();
        let callback_url = self.engine.callback_url(self.provider())?;
        let verification_token = self.api.application.verification_token();
        Ok(NewSubscription { data_type, operation, callback_url, verification_token })
    }

    /// Counts what the provider does not give, and stops asking when that is all there is.
    fn hear<T>(&mut self, answer: std::result::Result<T, Trouble>) -> std::result::Result<T, Trouble> {
        match &answer {
            Err(Trouble::RateLimited(until)) => self.halted = Some(("the provider asks to wait".to_owned(), *until)),
            Err(trouble @ Trouble::Unavailable(_)) => {
                self.in_a_row += 1;
                if self.in_a_row == MOST_IN_A_ROW {
                    self.halted = Some((trouble.to_string(), self.retry_at(trouble, 0)));
                }
            }
            _ => self.in_a_row = 0,
        }
        answer
    }

    fn retry_at(&self, trouble: &Trouble, tries: i64) -> Timestamp {
        match trouble {
            Trouble::RateLimited(until) => *until,
            _ => verdict::backoff(self.engine.clock.now(), tries + 1, self.fraction),
        }
    }

    fn record(&self, topic: &Topic) -> Option<&Ours> {
        let key = self.key(topic);
        self.situation.ours.iter().find(|ours| ours.key == key)
    }

    fn tries(&self, topic: &Topic) -> i64 {
        self.record(topic).map_or(0, |ours| ours.tries)
    }

    async fn failed(&self, topic: &Topic, trouble: &Trouble) -> Result<()> {
        let state = self.record(topic).map_or(SubscriptionState::Active, |ours| ours.state);
        let (why, retry_at) = (trouble.to_string(), self.retry_at(trouble, self.tries(topic)));
        self.note(topic, &Subscribed::Failed { state, why, retry_at }).await
    }

    async fn missing(&self, topic: &Topic, state: SubscriptionState, why: &str, retry_at: Timestamp) -> Result<()> {
        self.note(topic, &Subscribed::Missing { state, why: why.to_owned(), retry_at }).await
    }

    async fn note(&self, topic: &Topic, subscribed: &Subscribed) -> Result<()> {
        self.note_at(&self.key(topic), subscribed).await
    }

    async fn note_at(&self, key: &SubscriptionKey, subscribed: &Subscribed) -> Result<()> {
        let now = self.engine.clock.now();
        let mut tx = self.engine.db.write().await?;
        tx.note_subscription(now, key, subscribed).await?;
        Ok(tx.commit().await?)
    }

    fn key(&self, topic: &Topic) -> SubscriptionKey {
        SubscriptionKey {
            provider: self.provider().to_owned(),
            data_type: topic.0.clone(),
            operation: topic.1,
            callback_url: self.situation.callback_url.clone(),
        }
    }

    fn provider(&self) -> &str {
        &self.api.provider.manifest().id
    }
}

fn had(theirs: Theirs, renewed: bool) -> Subscribed {
    Subscribed::Had { provider_id: theirs.provider_id, expires_at: theirs.expires_at, renewed }
}

//! Compares what a provider has with what we want, and makes the one the other.

use jiff::{SignedDuration, Timestamp};
use model::{ListeningState, SubscriptionState};
use providers::{Manifest, Subscription as Theirs};
use store::{Job, NewJob, Subscription as Ours};

use super::{
    address,
    carry::Carrier,
    plan::{Situation, Topic},
    silence,
};
use crate::{
    Engine, Error, Result,
    jobs::{self, Verdict, verdict},
    setup::Configured,
};

/// What the provider has may change without our doing.
const EVERY: SignedDuration = SignedDuration::from_hours(12);
/// However soon something ends, the provider is not asked all the time.
const SOONEST: SignedDuration = SignedDuration::from_secs(20);

/// Whether a provider is to tell us of changes, and if not, why.
struct Posture {
    /// What it is to tell of; nothing unless we listen.
    wanted: Vec<Topic>,
    rests: Option<(ListeningState, Option<String>)>,
    /// Where it cannot reach us, this may be a copy of a house that it reaches well: nothing is ended there.
    untouched: bool,
}

impl Engine {
    /// Reconciles a provider's subscriptions with what we want of it. What fails is tried again by the next such job.
    pub(crate) async fn run_reconcile(&self, job: &Job) -> Verdict {
        let provider = job.payload.as_str();
        let Ok(configured) = self.provider(provider) else {
            return Verdict::Done { outcome: "the provider is not set up any more".into(), next: Vec::new() };
        };
        match self.reconcile(configured).await {
            Ok(next) => Verdict::Done { outcome: String::new(), next: next.into_iter().collect() },
            Err(error @ Error::Store(_)) => Verdict::Retry { why: error.to_string(), at: None },
            Err(error) => match self.put_off_reconciling(provider, &error).await {
                Ok(next) => Verdict::Done { outcome: error.to_string(), next: vec![next] },
                Err(error) => Verdict::Retry { why: error.to_string(), at: None },
            },
        }
    }

    async fn reconcile(&self, configured: &Configured) -> Result<Option<NewJob>> {
        let manifest = configured.manifest();
        let provider = manifest.id.as_str();
        let posture = self.posture(configured).await?;
        if let Some((state, why)) = &posture.rests {
            self.note_resting(provider, *state, why.as_deref()).await?;
        }
        let Some(webhooks) = &manifest.webhooks else { return Ok(None) };
        let ours = self.db.read().await?.subscriptions(provider).await?;
        if posture.wanted.is_empty() && (ours.is_empty() || posture.untouched) {
            return Ok(Some(jobs::reconcile(provider, after(self.clock.now(), EVERY))));
        }
        let api = self.application_api(provider)?;
        let theirs = api.provider.clone().subscriptions(&api).await?;
        let renew_before = SignedDuration::from_hours(24 * i64::from(webhooks.renew_before_days));
        let situation = self.situation(provider, posture.wanted, theirs, ours, renew_before).await?;
        let mut carrier = Carrier::new(self, &api, &situation);
        for step in situation.plan() {
            carrier.carry(step).await?;
        }
        let halted = carrier.halted_until();
        self.end_reconciling(provider, &situation, posture.rests.is_none(), halted).await.map(Some)
    }

    async fn posture(&self, configured: &Configured) -> Result<Posture> {
        let manifest = configured.manifest();
        let unreachable = address::why_unreachable(&self.public_url, &configured.application.api_url);
        let untouched = unreachable.is_some();
        let rests = |state, why| Ok(Posture { wanted: Vec::new(), rests: Some((state, why)), untouched });
        if manifest.webhooks.is_none() {
            return rests(ListeningState::Unsupported, None);
        }
        if self.polling.is_some() {
            return rests(ListeningState::Polling, None);
        }
        if unreachable.is_some() {
            return rests(ListeningState::Unreachable, unreachable);
        }
        if !self.db.read().await?.is_anybody_connected(&manifest.id).await? {
            return rests(ListeningState::Idle, None);
        }
        Ok(Posture { wanted: topics(manifest), rests: None, untouched })
    }

    async fn situation(
        &self,
        provider: &str,
        wanted: Vec<Topic>,
        theirs: Vec<Theirs>,
        ours: Vec<Ours>,
        renew_before: SignedDuration,
    ) -> Result<Situation> {
        let mut tx = self.db.read().await?;
        let listening = tx.listening(provider).await?;
        let now = self.clock.now();
        let replace_before = silence::replace_before(&mut tx, provider, listening.as_ref(), now).await?;
        let addresses = tx.public_urls().await?;
        let past = addresses.iter().filter_map(|text| text.parse().ok());
        let past = past.filter_map(|url| address::callback_url(&url, provider).ok()).map(String::from).collect();
        Ok(Situation {
            wanted,
            callback_url: self.callback_url(provider)?.into(),
            past,
            theirs,
            ours,
            renew_before,
            probe_since: listening.and_then(|listening| listening.probe_asked_at),
            replace_before,
            now,
        })
    }

    /// Where a provider sends its deliveries.
    pub(super) fn callback_url(&self, provider: &str) -> Result<url::Url> {
        address::callback_url(&self.public_url, provider)
            .map_err(|error| Error::invalid("PUBLIC_URL", error.to_string()))
    }

    /// Notes how things stand now, and says when to look again.
    async fn end_reconciling(
        &self,
        provider: &str,
        situation: &Situation,
        listens: bool,
        halted: Option<Timestamp>,
    ) -> Result<NewJob> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let ours = tx.subscriptions(provider).await?;
        if listens {
            let (state, why) = standing(situation, &ours, now);
            tx.note_listening(provider, state, why.as_deref(), now).await?;
        }
        if halted.is_none() {
            tx.note_reconciled(provider, true, now).await?;
        }
        match situation.probe_since {
            Some(since) if !ours.iter().any(|row| is_unproven(row, since)) => {
                tx.note_probed(provider, since, now).await?;
            }
            Some(_) => {}
            None => tx.check_subscriptions(provider, now).await?,
        }
        tx.commit().await?;
        let retries = ours.iter().filter_map(|row| row.retry_at).chain(halted);
        let renewals = ours.iter().filter(|row| row.retry_at.is_none()).filter_map(|row| row.expires_at);
        let renewals = renewals.map(|ends| ends.saturating_sub(situation.renew_before).unwrap_or(ends));
        let next = retries.chain(renewals.map(|at| at.max(after(now, EVERY / 2)))).min();
        let next = next.unwrap_or(Timestamp::MAX).clamp(after(now, SOONEST), after(now, EVERY));
        Ok(jobs::reconcile(provider, next))
    }

    /// The provider could not be asked: what it has is not known to have changed.
    async fn put_off_reconciling(&self, provider: &str, error: &Error) -> Result<NewJob> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let before = tx.listening(provider).await?;
        let state = before.as_ref().map_or(ListeningState::Failed, |before| before.state);
        let state = if state == ListeningState::Idle { ListeningState::Failed } else { state };
        let tries = before.map_or(1, |before| before.tries + 1);
        tx.note_listening(provider, state, Some(&error.to_string()), now).await?;
        tx.note_reconciled(provider, false, now).await?;
        tx.commit().await?;
        tracing::warn!(provider, %error, "the provider could not be asked what it tells us");
        let at = match error {
            Error::Unavailable { retry_at: Some(at), .. } => *at,
            _ => verdict::backoff(now, tries, self.random.fraction()),
        };
        Ok(jobs::reconcile(provider, at))
    }

    async fn note_resting(&self, provider: &str, state: ListeningState, why: Option<&str>) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        tx.note_listening(provider, state, why, now).await?;
        Ok(tx.commit().await?)
    }
}

fn after(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// All that a provider can tell of.
pub(super) fn topics(manifest: &Manifest) -> Vec<Topic> {
    let Some(webhooks) = &manifest.webhooks else { return Vec::new() };
    let names = manifest.collections.iter().filter_map(|collection| collection.notices.as_ref());
    names.flat_map(|name| webhooks.operations.iter().map(|operation| (name.clone(), *operation))).collect()
}

/// Whether the provider has yet to make sure of it, as it was asked to.
fn is_unproven(row: &Ours, since: Timestamp) -> bool {
    row.provider_id.is_some() && row.checked_at.is_none_or(|checked| checked < since)
}

/// How much of what we want we have, and what keeps us from the rest.
fn standing(situation: &Situation, ours: &[Ours], now: Timestamp) -> (ListeningState, Option<String>) {
    let serves = |row: &&Ours| row.state == SubscriptionState::Active && row.expires_at.is_none_or(|ends| ends > now);
    let wanted = || {
        let is_wanted = |row: &&Ours| situation.wanted.contains(&(row.key.data_type.clone(), row.key.operation));
        ours.iter().filter(|row| row.key.callback_url == situation.callback_url).filter(is_wanted)
    };
    let why = wanted().find_map(|row| {
        let why = row.last_error.as_ref()?;
        Some(format!("{} {}: {why}", row.key.data_type, row.key.operation))
    });
    let state = match wanted().filter(serves).count() {
        all if all == situation.wanted.len() => ListeningState::Active,
        0 => ListeningState::Failed,
        _ => ListeningState::Partial,
    };
    (state, why)
}

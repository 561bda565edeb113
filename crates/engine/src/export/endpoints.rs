//! Webhooks that people and apps have their events sent to: made, changed, deleted.

use jiff::{SignedDuration, Timestamp};
use model::{Action, Actor, Audience, Kind, Secret, SinkId, SinkReason, SinkState, UserId};
use sinks::webhook::{self, Settings};
use store::{Mode, NewSink, Sink, Tx, Write};

use super::{
    NewWebhook, WebhookChange, due,
    keeper::{describe, keeper_of, require_reader, token_of},
    wanted::{check_kinds, check_name},
};
use crate::{Engine, Error, Result};

const MOST: usize = 20;
/// What was being applied when a webhook for everybody was made has been applied by then.
const A_WHILE: SignedDuration = SignedDuration::from_mins(1);

/// A webhook as it is shown to whom it belongs.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub id: SinkId,
    pub name: String,
    pub url: String,
    /// Empty: all kinds.
    pub kinds: Vec<Kind>,
    /// Empty: all providers.
    pub providers: Vec<String>,
    pub state: SinkState,
    /// Why it is disabled.
    pub reason: Option<SinkReason>,
    pub created_at: Timestamp,
    pub last_success_at: Option<Timestamp>,
    pub last_failure_at: Option<Timestamp>,
    /// Since when nothing was taken.
    pub failing_since: Option<Timestamp>,
    pub last_error: Option<String>,
    /// How many events it is behind.
    pub lag: i64,
}

impl Engine {
    /// The webhooks of a person, or those for everybody.
    pub async fn webhooks(&self, audience: Audience) -> Result<Vec<Webhook>> {
        let mut tx = self.db.read().await?;
        let mut webhooks = Vec::new();
        for sink in tx.sinks(audience).await? {
            webhooks.push(show(&mut tx, sink).await?);
        }
        Ok(webhooks)
    }

    /// One of them.
    pub async fn webhook(&self, audience: Audience, id: SinkId) -> Result<Webhook> {
        let mut tx = self.db.read().await?;
        let sink = tx.sink(audience, id).await?;
        show(&mut tx, sink).await
    }

    /// Makes a webhook. Its signing secret is told this once.
    pub async fn create_webhook(
        &self,
        actor: &Actor,
        audience: Audience,
        wanted: &NewWebhook,
    ) -> Result<(Webhook, Secret)> {
        let settings = Settings::new(self.check_url(&wanted.url)?, &self.random);
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        require_reader(&mut tx, actor, now).await?;
        let keeper = keeper_of(&mut tx, actor, audience, now).await?;
        // Whatever is applied to the keeper's log comes before or after.
        tx.lock_log(keeper).await?;
        if tx.sinks(audience).await?.len() >= MOST {
            return Err(Error::invalid("name", format!("there are {MOST} webhooks already")));
        }
        let new = NewSink {
            sink_type: webhook::NAME,
            audience,
            user_id: keeper,
            token_id: token_of(actor),
            name: check_name(&wanted.name)?,
            kinds: check_kinds(&wanted.kinds)?,
            providers: self.check_providers(&wanted.providers)?,
            settings: settings.to_text(),
        };
        let id = tx.add_sink(now, new).await?;
        match audience {
            Audience::Person(user) => begin(&mut tx, user, id, wanted.after, now).await?,
            Audience::Everybody => begin_for_everybody(&mut tx, id, wanted.after, now).await?,
        }
        let sink = tx.sink(audience, id).await?;
        let detail = format!("{} to {}", describe(&sink), settings.url.host_str().unwrap_or_default());
        tx.append_audit(keeper, now, actor, Action::WebhookCreated, Some(&detail)).await?;
        let made = show(&mut tx, sink).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok((made, settings.secret))
    }

    /// Changes a webhook. A token that turns it on or sends it elsewhere answers for it from then on, so that nobody
    /// is sent what they could not read.
    pub async fn change_webhook(
        &self,
        actor: &Actor,
        audience: Audience,
        id: SinkId,
        change: &WebhookChange,
    ) -> Result<Webhook> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let mut sink = tx.sink(audience, id).await?;
        if is_answered_for(change) {
            require_reader(&mut tx, actor, now).await?;
        }
        self.take_over(&mut sink, change)?;
        answer_for(&mut sink, actor, change);
        tx.change_sink(&sink).await?;
        match change.state {
            Some(SinkState::Active) => {
                tx.start_sink(audience, id).await?;
                due::hasten(&mut tx, audience, id, now).await?;
            }
            Some(SinkState::Disabled) => {
                tx.stop_sink(audience, id, SinkReason::Asked).await?;
            }
            None => {}
        }
        let detail = format!("{}: {}", describe(&sink), what_changed(change));
        tx.append_audit(sink.user_id, now, actor, Action::WebhookChanged, Some(&detail)).await?;
        let sink = tx.sink(audience, id).await?;
        let changed = show(&mut tx, sink).await?;
        tx.commit().await?;
        self.wake.notify_one();
        Ok(changed)
    }

    /// Deletes a webhook.
    pub async fn delete_webhook(&self, actor: &Actor, audience: Audience, id: SinkId) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let sink = tx.sink(audience, id).await?;
        tx.delete_sink(audience, id).await?;
        tx.append_audit(sink.user_id, now, actor, Action::WebhookDeleted, Some(&describe(&sink))).await?;
        Ok(tx.commit().await?)
    }

    /// Gives a webhook a new signing secret, which is told this once. The one before signs as well for a day.
    pub async fn rotate_webhook(&self, actor: &Actor, audience: Audience, id: SinkId) -> Result<(Webhook, Secret)> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let mut sink = tx.sink(audience, id).await?;
        let mut settings = read_settings(&sink)?;
        settings.rotate(&self.random, now);
        sink.settings = settings.to_text();
        tx.change_sink(&sink).await?;
        let detail = format!("{}: new signing secret", describe(&sink));
        tx.append_audit(sink.user_id, now, actor, Action::WebhookChanged, Some(&detail)).await?;
        let rotated = show(&mut tx, sink).await?;
        tx.commit().await?;
        Ok((rotated, settings.secret))
    }

    /// Puts what is to be changed into a sink.
    fn take_over(&self, sink: &mut Sink, change: &WebhookChange) -> Result<()> {
        if let Some(name) = &change.name {
            sink.name = check_name(name)?;
        }
        if let Some(kinds) = &change.kinds {
            sink.kinds = check_kinds(kinds)?;
        }
        if let Some(providers) = &change.providers {
            sink.providers = self.check_providers(providers)?;
        }
        if let Some(url) = &change.url {
            let mut settings = read_settings(sink)?;
            settings.url = self.check_url(url)?;
            sink.settings = settings.to_text();
        }
        Ok(())
    }
}

/// A webhook of one person begins with what happens from now on, or with what is kept of what was before.
async fn begin(tx: &mut Tx<Write>, user: UserId, id: SinkId, after: Option<i64>, now: Timestamp) -> Result<()> {
    let log = tx.log(user).await?;
    let position = match after {
        None => log.head,
        Some(after) if (0..=log.head).contains(&after) => after.max(log.floor),
        Some(_) => return Err(Error::invalid("after", format!("is a position from 0 to {}", log.head))),
    };
    tx.begin_sink_at(user, id, position).await?;
    due::hasten_one(tx, id, user, now).await
}

async fn begin_for_everybody(tx: &mut Tx<Write>, id: SinkId, after: Option<i64>, now: Timestamp) -> Result<()> {
    match after {
        None => tx.begin_sink_at_heads(id).await?,
        Some(0) => tx.begin_sink_at_floors(id).await?,
        Some(_) => {
            return Err(Error::invalid("after", "is 0 where it is for everybody: positions are each person's own"));
        }
    }
    tx.enqueue(now, due::survey(id, now.saturating_add(A_WHILE).unwrap_or(now))).await?;
    Ok(())
}

/// Whether a token that makes a change answers for the sink from then on: it turns it on, or sends it elsewhere.
fn is_answered_for(change: &WebhookChange) -> bool {
    change.state == Some(SinkState::Active) || change.url.is_some()
}

/// Who answers for a sink after a change.
fn answer_for(sink: &mut Sink, actor: &Actor, change: &WebhookChange) {
    let starts = change.state == Some(SinkState::Active);
    match token_of(actor) {
        Some(token) if is_answered_for(change) => sink.token_id = Some(token),
        // The person takes over what a token left behind.
        None if starts && sink.reason == Some(SinkReason::TokenEnded) => sink.token_id = None,
        _ => {}
    }
}

fn what_changed(change: &WebhookChange) -> String {
    let state = change.state.map(|state| state.as_str());
    let named = [
        change.name.as_ref().map(|_| "name"),
        change.url.as_ref().map(|_| "address"),
        change.kinds.as_ref().map(|_| "kinds"),
        change.providers.as_ref().map(|_| "providers"),
        state,
    ];
    named.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn read_settings(sink: &Sink) -> Result<Settings> {
    Settings::read(&sink.settings).map_err(|error| Error::Refused(error.to_string()))
}

pub(super) async fn show<M: Mode>(tx: &mut Tx<M>, sink: Sink) -> Result<Webhook> {
    let lag = match sink.audience {
        Audience::Person(user) => tx.sink_lag(user, sink.id).await?,
        Audience::Everybody => tx.sink_lag_of_everybody(sink.id).await?,
    };
    let url = read_settings(&sink)?.url.to_string();
    Ok(Webhook {
        id: sink.id,
        name: sink.name,
        url,
        kinds: sink.kinds.into_iter().collect(),
        providers: sink.providers.into_iter().collect(),
        state: sink.state,
        reason: sink.reason,
        created_at: sink.created_at,
        last_success_at: sink.last_success_at,
        last_failure_at: sink.last_failure_at,
        failing_since: sink.failing_since,
        last_error: sink.last_error,
        lag,
    })
}

//! What providers are asked to send.

use axum::extract::{Path, State as Extract};
use engine::{Configured, DeliveryCount, Subscription};
use model::{ListeningState, SubscriptionId};
use serde::Deserialize;

use super::Admin;
use crate::{
    State,
    extract::Query,
    pages::{Answer, Fields, Person, go_on, render, words::sentence},
    problem::{Problem, ProblemId},
    views::{Listening, Nav, SubscriptionRow, Subscriptions, Tab, Tone},
};

/// What just happened.
#[derive(Deserialize)]
pub(crate) struct Happened {
    asked: Option<String>,
}

/// Shows subscriptions.
pub(crate) async fn show(
    Extract(state): Extract<State>,
    Admin(person): Admin,
    Query(happened): Query<Happened>,
) -> Answer {
    let counts = state.engine.delivery_counts().await?;
    let mut providers = Vec::new();
    for configured in state.engine.providers().filter(|it| it.manifest().webhooks.is_some()) {
        providers.push(listening(&state, &person, configured, &counts).await?);
    }
    let page = person.page("Subscriptions", Nav::Elsewhere);
    let page = match happened.asked.as_deref() {
        Some("renew") => page.with(Tone::Good, "Renewed."),
        Some("end") => page.with(Tone::Good, "Ended. What is still wanted is made again at the next check."),
        Some(_) => page.with(Tone::Good, "It is being checked; look again in a moment."),
        None => page,
    };
    render(&Subscriptions { page, tab: Tab::Subscriptions, providers })
}

/// Has a provider's subscriptions compared with what is wanted, and its way to us tried.
pub(crate) async fn check(
    Extract(state): Extract<State>,
    Admin(_person): Admin,
    Path(provider): Path<String>,
) -> Answer {
    state.engine.ask_reconcile(&provider, true).await?;
    go_on("/server/subscriptions?asked=check")
}

/// Renews subscriptions now, however long they have still to go.
pub(crate) async fn renew(Extract(state): Extract<State>, Admin(person): Admin, fields: Fields) -> Answer {
    let (engine, actor, ids) = (state.engine.clone(), person.actor(), ids(&fields)?);
    let renewing = async move {
        for id in ids {
            engine.renew_subscription(&actor, id).await?;
        }
        Ok::<_, engine::Error>(())
    };
    state.engine.run_to_end(renewing).await.map_err(|_| ProblemId::Internal.problem())??;
    go_on("/server/subscriptions?asked=renew")
}

/// Ends subscriptions.
pub(crate) async fn end(Extract(state): Extract<State>, Admin(person): Admin, fields: Fields) -> Answer {
    fields.require_yes()?;
    let (engine, actor, ids) = (state.engine.clone(), person.actor(), ids(&fields)?);
    let ending = async move {
        for id in ids {
            engine.end_subscription(&actor, id).await?;
        }
        Ok::<_, engine::Error>(())
    };
    state.engine.run_to_end(ending).await.map_err(|_| ProblemId::Internal.problem())??;
    go_on("/server/subscriptions?asked=end")
}

/// The subscriptions of the row whose button was pressed.
fn ids(fields: &Fields) -> Result<Vec<SubscriptionId>, Problem> {
    let ids: Result<Vec<_>, _> = fields.all("subscription").iter().map(|id| id.parse()).collect();
    match ids {
        Ok(ids) if !ids.is_empty() => Ok(ids),
        _ => Err(ProblemId::NotFound.because("there is no such subscription")),
    }
}

async fn listening(
    state: &State,
    person: &Person,
    configured: &Configured,
    counts: &[DeliveryCount],
) -> Result<Listening, Problem> {
    let manifest = configured.manifest();
    let listening = state.engine.listening(&manifest.id).await?;
    let subscriptions = state.engine.subscriptions(&manifest.id).await?;
    let heard = counts.iter().filter(|count| count.provider == manifest.id).map(|count| count.last_received_at).max();
    let callback = format!("/api/v1/integrations/{}/webhook", manifest.id);
    let callback = state.settings.public_url.join(&callback).map(String::from).unwrap_or(callback);
    Ok(Listening {
        id: manifest.id.clone(),
        name: manifest.name.clone(),
        mark: mark(listening.state, listening.is_well()),
        words: words(&listening),
        last_heard: heard.map(|at| person.moment(at)),
        checked: listening.reconciled_at.map(|at| person.moment(at)),
        callback_url: callback,
        count: subscriptions.len(),
        rows: rows(person, subscriptions),
    })
}

fn words(listening: &engine::Listening) -> String {
    match listening.state {
        ListeningState::Active if listening.silent == 0 => "It tells this server of changes by itself.".to_owned(),
        ListeningState::Idle => "Nobody is connected, so it is asked for nothing.".to_owned(),
        ListeningState::Polling => "The settings say to ask it instead (POLLING_ENABLED).".to_owned(),
        _ => sentence(&listening.in_words()),
    }
}

fn mark(state: ListeningState, well: bool) -> &'static str {
    match (state, well) {
        (ListeningState::Active, true) => "active",
        (_, false) => "trouble",
        (ListeningState::Partial, true) => "partial",
        (_, true) => "none",
    }
}

/// A row for each kind of data; where its subscriptions fare differently, several.
fn rows(person: &Person, subscriptions: Vec<Subscription>) -> Vec<SubscriptionRow> {
    let mut rows: Vec<SubscriptionRow> = Vec::new();
    for next in subscriptions.into_iter().map(|subscription| row(person, subscription)) {
        match rows.last_mut().filter(|last| last.fares_like(&next)) {
            Some(last) => last.absorb(next),
            None => rows.push(next),
        }
    }
    rows
}

fn row(person: &Person, subscription: Subscription) -> SubscriptionRow {
    SubscriptionRow {
        ids: vec![subscription.id.to_string()],
        is_there: subscription.provider_id.is_some(),
        data_type: subscription.key.data_type,
        operations: vec![subscription.key.operation],
        state: subscription.state,
        expires: subscription.expires_at.map(|at| person.moment(at)),
        error: subscription.last_error,
    }
}

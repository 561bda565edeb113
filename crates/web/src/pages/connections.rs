//! The connections: how each provider fares, and what is shared.

use std::collections::BTreeSet;

use axum::extract::{Path, State as Extract};
use engine::{Revocation, Status, SyncRequest};
use model::Topic;
use serde::Deserialize;

use super::{Answer, Fields, Person, details, go_on, provider_name, render};
use crate::{
    State,
    extract::Query,
    views::{Connections, Nav, Page, ProviderRow, SharingForm, Tone},
};

/// A newcomer who clicks gets a week.
const DAYS: u32 = 7;

/// What just happened, and to which provider.
#[derive(Default, Deserialize)]
pub(crate) struct Happened {
    connected: Option<String>,
    denied: Option<String>,
    /// The provider reported a problem instead of the person's answer.
    trouble: Option<String>,
    kept: Option<String>,
    disconnected: Option<String>,
    /// What became of the grant at the provider.
    revocation: Option<String>,
    saved: Option<String>,
}

/// Shows the connections.
pub(crate) async fn show(Extract(state): Extract<State>, person: Person, Query(happened): Query<Happened>) -> Answer {
    let statuses = state.engine.statuses(person.user.id).await?;
    let mut providers = Vec::new();
    for status in &statuses {
        providers.push(row(&state, &person, status).await?);
    }
    let page = notice(&state, person.page("Connections", Nav::Connections), &happened, &statuses);
    let sharing = sharing(&state, &person, &statuses).await?;
    render(&Connections { page, providers, sharing })
}

/// Asks for newer data.
pub(crate) async fn sync(Extract(state): Extract<State>, person: Person, Path(provider): Path<String>) -> Answer {
    let request = SyncRequest { days: DAYS, collection: "all".to_owned(), wait: false };
    state.engine.ask_sync(&person.actor(), person.user.id, &provider, &request).await?;
    go_on("/connections")
}

/// Disconnects.
pub(crate) async fn disconnect(
    Extract(state): Extract<State>,
    person: Person,
    Path(provider): Path<String>,
    fields: Fields,
) -> Answer {
    fields.require_yes()?;
    let preserve = fields.is_ticked("preserve_data");
    let done = state.engine.disconnect(&person.actor(), person.user.id, &provider, preserve).await?;
    let revocation = match done.revocation {
        Revocation::Failed => "failed",
        _ => "done",
    };
    go_on(&format!("/connections?disconnected={provider}&revocation={revocation}"))
}

/// Sets what is shared with every agent.
pub(crate) async fn share(Extract(state): Extract<State>, person: Person, fields: Fields) -> Answer {
    state.engine.set_sharing(&person.actor(), person.user.id, &fields.sharing()?).await?;
    go_on("/connections?saved=sharing")
}

async fn row(state: &State, person: &Person, status: &Status) -> Result<ProviderRow, engine::Error> {
    Ok(details::row(person, state.engine.provider(&status.provider)?, status))
}

/// The switches, once something was agreed to.
async fn sharing(state: &State, person: &Person, statuses: &[Status]) -> Result<Option<SharingForm>, engine::Error> {
    let consented = consented(statuses);
    if consented.is_empty() {
        return Ok(None);
    }
    let sharing = state.engine.sharing(person.user.id).await?;
    Ok(Some(SharingForm { action: "/sharing".to_owned(), agent: None, sharing, consented }))
}

/// What a person agreed to have collected.
pub(super) fn consented(statuses: &[Status]) -> BTreeSet<Topic> {
    let consents = statuses.iter().filter_map(|status| status.consent.as_ref());
    consents.flat_map(|consent| consent.kinds.iter().map(|kind| kind.topic())).collect()
}

fn notice(state: &State, page: Page, happened: &Happened, statuses: &[Status]) -> Page {
    let named = |id: &Option<String>| id.as_deref().and_then(|id| provider_name(state, id));
    if let Some(disclosure) = happened.connected.as_deref().and_then(|id| state.engine.disclosure(id).ok()) {
        let name = disclosure.name;
        let arrived = statuses.iter().any(|status| status.name == name && status.last_sync_at.is_some());
        let rest = format!(" The last {} days are on their way.", disclosure.days_back);
        page.with(Tone::Good, format!("{name} is connected.{}", if arrived { "" } else { &rest }))
    } else if let Some(name) = named(&happened.denied) {
        page.with(Tone::Bad, format!("{name} was not connected: the answer there was no. Nothing was collected."))
    } else if let Some(name) = named(&happened.trouble) {
        let text = format!("{name} reported a problem, so it was not connected. Nothing was collected. Try again.");
        page.with(Tone::Bad, text)
    } else if let Some(name) = named(&happened.kept) {
        page.with(Tone::Neutral, format!("Your {name} account stays as it was. The other one was let go."))
    } else if let Some(name) = named(&happened.disconnected) {
        disconnected(page, &name, happened.revocation.as_deref() == Some("failed"))
    } else if happened.saved.is_some() {
        page.with(Tone::Good, "Saved: from now on, agents see what is switched on.")
    } else {
        page
    }
}

fn disconnected(page: Page, name: &str, failed: bool) -> Page {
    if failed {
        let text = format!(
            "{name} is disconnected and our key is destroyed, but {name} did not answer when we gave it back. \
             End it at {name}, too."
        );
        page.with(Tone::Neutral, text)
    } else {
        page.with(Tone::Good, format!("{name} is disconnected. Our key was given back and destroyed."))
    }
}

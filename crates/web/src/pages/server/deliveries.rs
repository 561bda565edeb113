//! What providers have sent.

use axum::extract::{Path, State as Extract};
use engine::{Delivery, DeliveryQuery, ListedNotice};
use model::{DeliveryId, DeliveryState};
use serde::Deserialize;

use super::{Admin, providers};
use crate::{
    State,
    api::deliveries::note_shown,
    extract::Query,
    pages::{Answer, Person, go_on, provider_name, render},
    problem::{Problem, ProblemId},
    views::{Deliveries, DeliveryRow, Nav, NoticeRow, Tab, Tone},
};

const PAGE: i64 = 50;

/// Which deliveries to show; an empty word means all.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    state: String,
    #[serde(default)]
    provider: String,
    before: Option<String>,
    replayed: Option<String>,
}

/// Shows deliveries.
pub(crate) async fn show(Extract(state): Extract<State>, Admin(person): Admin, Query(wanted): Query<Wanted>) -> Answer {
    let only = Some(wanted.state.as_str()).filter(|word| !word.is_empty()).map(str::parse::<DeliveryState>).transpose();
    let only = only.map_err(|unknown| Problem::invalid("state", unknown.to_string()))?;
    let before = wanted.before.as_deref().map(str::parse::<DeliveryId>).transpose();
    let query = DeliveryQuery {
        provider: Some(wanted.provider.clone()).filter(|id| !id.is_empty()),
        state: only,
        before: before.map_err(|_| Problem::invalid("before", "is the id of a delivery"))?,
        limit: PAGE,
    };
    let deliveries = state.engine.deliveries(&query).await?;
    note_shown(&state, &person.actor(), &deliveries).await?;
    let full = i64::try_from(deliveries.len()).unwrap_or(0) == PAGE;
    let older = deliveries.last().filter(|_| full).map(|last| {
        format!("/server/deliveries?state={}&provider={}&before={}", wanted.state, wanted.provider, last.id)
    });
    let page = person.page("Deliveries", Nav::Elsewhere);
    let page = match wanted.replayed {
        Some(_) => page.with(Tone::Good, "It is being done again: what it speaks of is fetched anew."),
        None => page,
    };
    render(&Deliveries {
        page,
        tab: Tab::Deliveries,
        rows: deliveries.into_iter().map(|delivery| row(&state, &person, delivery)).collect(),
        state: only,
        provider: wanted.provider,
        providers: providers(&state),
        older,
    })
}

/// Has a delivery done again.
pub(crate) async fn replay(
    Extract(state): Extract<State>,
    Admin(person): Admin,
    Path(delivery): Path<String>,
) -> Answer {
    let id = delivery.parse().map_err(|_| ProblemId::NotFound.because("there is no such delivery"))?;
    state.engine.replay(&person.actor(), id).await?;
    go_on("/server/deliveries?replayed=delivery")
}

fn row(state: &State, person: &Person, delivery: Delivery) -> DeliveryRow {
    DeliveryRow {
        id: delivery.id.to_string(),
        at: person.moment(delivery.received_at),
        provider: provider_name(state, &delivery.provider).unwrap_or(delivery.provider),
        state: delivery.state,
        why: delivery.why,
        notices: delivery.notices.into_iter().map(notice).collect(),
    }
}

fn notice(notice: ListedNotice) -> NoticeRow {
    NoticeRow {
        what: format!("{} {}", notice.collection, notice.operation),
        object_id: notice.object_id.unwrap_or_else(|| "erased".to_owned()),
        state: notice.state,
        why: notice.why,
    }
}

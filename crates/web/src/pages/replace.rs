//! The question whether another account takes the place of the one connected.

use axum::extract::{Path, State as Extract};
use engine::{Confirm, Error};
use model::{Connection, ConnectionId, ConnectionState};
use serde::Deserialize;

use super::{Answer, Fields, Person, details::loss, go_on, render};
use crate::{
    State,
    extract::Query,
    problem::Problem,
    views::{Nav, Replace},
};

/// Which connection waits.
#[derive(Deserialize)]
pub(crate) struct Waiting {
    connection: ConnectionId,
}

/// Asks.
pub(crate) async fn show(
    Extract(state): Extract<State>,
    person: Person,
    Path(provider): Path<String>,
    Query(waiting): Query<Waiting>,
) -> Answer {
    let pending = pending(&state, &person, &provider, waiting.connection).await?;
    let status = state.engine.status(person.user.id, &provider).await?;
    let name = |account: &model::Account| account.label.clone().unwrap_or_else(|| account.id.clone());
    let since = status.connected_at.unwrap_or(person.now);
    render(&Replace {
        page: person.page("Replace your account?", Nav::Connections),
        provider: status.name.clone(),
        current: status.account.as_ref().map(name).unwrap_or_default(),
        since: person.moment(since),
        other: name(&pending.account),
        loss: loss(&status),
        action: format!("/connections/{provider}/replace?connection={}", pending.id),
    })
}

/// Replaces, or keeps what is there and lets the other one go.
pub(crate) async fn submit(
    Extract(state): Extract<State>,
    person: Person,
    Path(provider): Path<String>,
    Query(waiting): Query<Waiting>,
    fields: Fields,
) -> Answer {
    let pending = pending(&state, &person, &provider, waiting.connection).await?;
    if fields.is_ticked("keep") {
        state.engine.abandon(person.user.id, pending.id).await?;
        return go_on(&format!("/connections?kept={provider}"));
    }
    fields.require_yes()?;
    let confirm = Confirm {
        user: person.user.id,
        actor: person.actor(),
        connection: pending.id,
        replace_preserving: Some(fields.is_ticked("preserve_data")),
    };
    state.engine.confirm(confirm).await?;
    go_on(&format!("/connections?connected={provider}"))
}

async fn pending(state: &State, person: &Person, provider: &str, id: ConnectionId) -> Result<Connection, Problem> {
    let connection = state.reader.read().await?.connection(person.user.id, id).await?;
    if connection.state == ConnectionState::Pending && connection.provider == provider {
        Ok(connection)
    } else {
        Err(Error::NotFound("connection that waits to be confirmed").into())
    }
}

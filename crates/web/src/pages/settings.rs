//! A person's own settings.

use axum::extract::State as Extract;
use identity::Error;
use serde::Deserialize;

use super::{Answer, Fields, Person, go_on, render, sign_in::let_in, words::sentence};
use crate::{
    State,
    extract::Query,
    problem::Problem,
    views::{Moment, Nav, Page, Settings, Tone, ZoneGroup},
};

const PASSWORD_CHANGED: &str = "Your password was changed. Every other browser was signed out. API tokens go on \
    working: revoke under Agents what you no longer trust.";

const RETENTION_CHANGED: &str = "Saved. Records that are older are removed within minutes.";

/// What was just saved.
#[derive(Deserialize)]
pub(crate) struct Saved {
    saved: Option<String>,
}

/// Shows the settings.
pub(crate) async fn show(Extract(state): Extract<State>, person: Person, Query(query): Query<Saved>) -> Answer {
    let page = person.page("Settings", Nav::Settings);
    let page = match query.saved.as_deref() {
        Some("zone") => page.with(Tone::Good, "Saved: your days are counted in this zone."),
        Some("retention") => page.with(Tone::Good, RETENTION_CHANGED),
        Some("password") => page.with(Tone::Good, PASSWORD_CHANGED),
        _ => page,
    };
    render(&settings(&state, person, page).await?)
}

/// Sets the time zone.
pub(crate) async fn change_zone(Extract(state): Extract<State>, person: Person, fields: Fields) -> Answer {
    state.engine.set_zone(&person.actor(), person.user.id, fields.text("zone")).await?;
    go_on("/settings?saved=zone")
}

/// Sets how long records are kept; nothing written means as long as the server keeps them.
pub(crate) async fn change_retention(Extract(state): Extract<State>, person: Person, fields: Fields) -> Answer {
    let days = match fields.text("days").trim() {
        "" => None,
        text => Some(text.parse().map_err(|_| Problem::invalid("days", "is no whole number"))?),
    };
    state.engine.set_retention(&person.actor(), person.user.id, days).await?;
    go_on("/settings?saved=retention")
}

/// Changes the password. The present one must be proved: a browser left open is not enough.
pub(crate) async fn change_password(Extract(state): Extract<State>, person: Person, fields: Fields) -> Answer {
    let (current, new) = (fields.secret("current"), fields.secret("new"));
    let why = match state.identity.change_password(&person.session, &current, &new).await {
        Ok(signed_in) => return Ok(let_in(&state, &signed_in.cookie, "/settings?saved=password")),
        Err(Error::WrongCredentials) => "The current password is wrong. Nothing was changed.".to_owned(),
        Err(Error::Locked { until }) => {
            let until = Moment::seen(until, person.now, &person.zone).words;
            format!("Too many attempts. You can try again {until}. Nothing was changed.")
        }
        Err(Error::Invalid(why)) => sentence(&why),
        Err(other) => return Err(other.into()),
    };
    let page = person.page("Settings", Nav::Settings).with(Tone::Bad, why);
    render(&settings(&state, person, page).await?)
}

async fn settings(state: &State, person: Person, page: Page) -> Result<Settings, Problem> {
    let retention = state.engine.retention(person.user.id).await?;
    Ok(Settings {
        page,
        email: person.user.email.unwrap_or_default(),
        zone: person.user.zone,
        zones: ZoneGroup::group(jiff::tz::db().available().map(|name| name.to_string())),
        shortest_password: identity::SHORTEST_PASSWORD,
        keep_days: retention.days,
        server_keep_days: retention.server_days,
    })
}

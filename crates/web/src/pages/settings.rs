//! A person's own settings.

use axum::extract::State as Extract;
use identity::Error;
use serde::Deserialize;

use super::{Answer, Fields, Person, go_on, render, sign_in::let_in, words::sentence};
use crate::{
    State,
    extract::Query,
    views::{Moment, Nav, Page, Settings, Tone, ZoneGroup},
};

const PASSWORD_CHANGED: &str = "Your password was changed. Every other browser was signed out. API tokens go on \
    working: revoke under Agents what you no longer trust.";

/// What was just saved.
#[derive(Deserialize)]
pub(crate) struct Saved {
    saved: Option<String>,
}

/// Shows the settings.
pub(crate) async fn show(person: Person, Query(query): Query<Saved>) -> Answer {
    let page = person.page("Settings", Nav::Settings);
    let page = match query.saved.as_deref() {
        Some("zone") => page.with(Tone::Good, "Saved: your days are counted in this zone."),
        Some("password") => page.with(Tone::Good, PASSWORD_CHANGED),
        _ => page,
    };
    render(&settings(person, page))
}

/// Sets the time zone.
pub(crate) async fn change_zone(Extract(state): Extract<State>, person: Person, fields: Fields) -> Answer {
    state.engine.set_zone(&person.actor(), person.user.id, fields.text("zone")).await?;
    go_on("/settings?saved=zone")
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
    render(&settings(person, page))
}

fn settings(person: Person, page: Page) -> Settings {
    Settings {
        page,
        email: person.user.email.unwrap_or_default(),
        zone: person.user.zone,
        zones: ZoneGroup::group(jiff::tz::db().available().map(|name| name.to_string())),
        shortest_password: identity::SHORTEST_PASSWORD,
    }
}

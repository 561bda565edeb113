//! Signing in and out.

use axum::{
    extract::State as Extract,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use identity::Error;
use jiff::{Timestamp, tz::TimeZone};
use model::Secret;
use serde::Deserialize;

use super::{Answer, Fields, Person, go_on, person::local_path, render};
use crate::{
    State,
    auth::{Caller, SESSION, Visitor, set_cookie},
    extract::Query,
    views::{Moment, Nav, Page, Refusal, SignIn},
};

/// As long as a session can last: the server ends it sooner.
const COOKIE_SECONDS: i64 = 90 * 86_400;
/// How an operator adds the first person.
const FIRST: &str = "afferent user add you@example.org --role admin";

/// Where to go afterwards.
#[derive(Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    return_to: String,
}

/// Asks who one is.
pub(crate) async fn show(Extract(state): Extract<State>, visitor: Visitor, Query(next): Query<Next>) -> Answer {
    let return_to = local_path(&next.return_to);
    if let Some(Caller::Session { .. }) = visitor.caller {
        return go_on(return_to);
    }
    let first_run = is_empty(&state).await?.then(|| FIRST.to_owned());
    render(&SignIn { first_run, ..form("", return_to) })
}

/// Signs somebody in.
pub(crate) async fn submit(Extract(state): Extract<State>, fields: Fields) -> Answer {
    let (email, return_to) = (fields.text("email"), local_path(fields.text("return_to")));
    let now = state.engine.clock().now();
    let (refusal, status) = match state.identity.sign_in(email, &fields.secret("password")).await {
        Ok(signed_in) => return Ok(let_in(&state, &signed_in.cookie, return_to)),
        Err(Error::WrongCredentials) => (Refusal::Wrong, StatusCode::UNAUTHORIZED),
        Err(Error::Locked { until }) => return locked(until, now, form(email, return_to)),
        Err(other) => return Err(other.into()),
    };
    let page = render(&SignIn { refusal: Some(refusal), ..form(email, return_to) })?;
    Ok((status, page).into_response())
}

/// Signs the person out.
pub(crate) async fn sign_out(Extract(state): Extract<State>, person: Person) -> Answer {
    state.identity.sign_out(&person.session).await?;
    let gone = set_cookie(&state, SESSION, &Secret::new(""), 0);
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/sign-in")).into_response())
}

/// Gives the browser its session, and sends it on.
pub(super) fn let_in(state: &State, cookie: &Secret, to: &str) -> Response {
    let cookie = set_cookie(state, SESSION, cookie, COOKIE_SECONDS);
    ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

fn locked(until: Timestamp, now: Timestamp, form: SignIn) -> Answer {
    let refusal = Refusal::Locked { until: Moment::seen(until, now, &TimeZone::UTC) };
    let seconds = until.duration_since(now).as_secs().max(1).to_string();
    let page = render(&SignIn { refusal: Some(refusal), ..form })?;
    Ok((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds)], page).into_response())
}

fn form(email: &str, return_to: &str) -> SignIn {
    SignIn {
        page: Page::new("Sign in", Nav::Elsewhere, None),
        email: email.to_owned(),
        return_to: return_to.to_owned(),
        refusal: None,
        first_run: None,
    }
}

/// Whether there is nobody yet who could sign in. The first people are who matters: later ones come by them.
async fn is_empty(state: &State) -> Result<bool, engine::Error> {
    Ok(state.engine.users(None, 100).await?.iter().all(|user| user.email.is_none()))
}

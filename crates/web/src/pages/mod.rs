//! The pages, a file each: what the house answers becomes a view; a form becomes a verb, then a redirect.

pub(crate) mod agents;
pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod connections;
pub(crate) mod dashboard;
mod details;
pub(crate) mod disclosure;
pub(crate) mod events;
mod form;
pub(crate) mod link;
pub(crate) mod message;
mod person;
mod progress;
pub(crate) mod replace;
pub(crate) mod server;
pub(crate) mod settings;
pub(crate) mod sign_in;
mod timeline;
mod trends;
pub(crate) mod webhooks;
mod words;

use askama::Template;
use axum::response::{Html, IntoResponse, Redirect, Response};

use self::{form::Fields, person::Person};
use crate::{
    State,
    problem::{Problem, ProblemId},
};

/// What a page's handler answers.
pub(crate) type Answer = Result<Response, Problem>;

pub(crate) fn render(view: &impl Template) -> Answer {
    match view.render() {
        Ok(html) => Ok(Html(html).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            Err(ProblemId::Internal.problem())
        }
    }
}

/// After a form: the browser asks for the next page, so that reloading sends nothing twice.
fn go_on(to: &str) -> Answer {
    Ok(Redirect::to(to).into_response())
}

/// A provider's name for people, by its id.
fn provider_name(state: &State, id: &str) -> Option<String> {
    state.engine.provider(id).ok().map(|configured| configured.manifest().name.clone())
}

//! Pages for who runs the server.

pub(crate) mod deliveries;
pub(crate) mod overview;
pub(crate) mod subscriptions;

use axum::{extract::FromRequestParts, http::request::Parts, response::IntoResponse, response::Response};
use model::Role;

use super::Person;
use crate::{State, problem::ProblemId};

/// An administrator who is signed in.
pub(crate) struct Admin(pub(crate) Person);

impl FromRequestParts<State> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Response> {
        let person = Person::from_request_parts(parts, state).await?;
        if person.user.role == Role::Admin {
            return Ok(Self(person));
        }
        Err(ProblemId::Forbidden.because("only an administrator may see this page").into_response())
    }
}

/// The ids and names of the providers that are set up.
fn providers(state: &State) -> Vec<(String, String)> {
    state.engine.providers().map(|it| (it.manifest().id.clone(), it.manifest().name.clone())).collect()
}

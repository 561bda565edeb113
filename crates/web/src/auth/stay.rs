//! Somebody who has come in and stays, to read along: looked at again before each thing that they are told.

use axum::{extract::FromRequestParts, http::request::Parts};
use model::UserId;

use super::{
    Caller,
    caller::Credential,
    subject::{Permission, is_staff, require_scope},
};
use crate::{
    State,
    problem::{Problem, ProblemId},
};

/// Somebody who stays.
pub(crate) struct Stay {
    state: State,
    credential: Credential,
}

impl Stay {
    /// The caller as they are now, if they may still do with this person's data what they came for.
    pub(crate) async fn may<P: Permission>(&self, user: UserId) -> Result<Option<Caller>, Problem> {
        let caller = self.caller::<P>().await?;
        Ok(caller.filter(|caller| caller.only_reaches().is_none_or(|own| own == user)))
    }

    /// The caller as they are now, if they may still do what only staff may.
    pub(crate) async fn may_as_staff<P: Permission>(&self) -> Result<Option<Caller>, Problem> {
        Ok(self.caller::<P>().await?.filter(is_staff))
    }

    async fn caller<P: Permission>(&self) -> Result<Option<Caller>, Problem> {
        let caller = self.credential.check(&self.state).await?;
        Ok(caller.filter(|caller| require_scope::<P>(caller).is_ok()))
    }
}

impl FromRequestParts<State> for Stay {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let credential = Credential::of(state, parts).ok_or_else(|| ProblemId::Unauthenticated.problem())?;
        Ok(Self { state: state.clone(), credential })
    }
}

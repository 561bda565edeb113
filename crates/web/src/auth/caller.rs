//! Somebody who has proved who they are: a signed-in browser, or an API token.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use model::{Actor, Secret, Sharing, User, UserId};
use store::{ApiToken, Principal, Session};

use super::{Cookies, LINK, SESSION};
use crate::{
    State,
    problem::{Problem, ProblemId},
};

/// Somebody who has proved who they are.
#[derive(Clone)]
pub(crate) enum Caller {
    Session { session: Session, user: User },
    Token { token: Box<ApiToken>, owner: User },
}

impl Caller {
    fn with_token((token, owner): (ApiToken, User)) -> Self {
        Self::Token { token: Box::new(token), owner }
    }

    fn with_session((session, user): (Session, User)) -> Self {
        Self::Session { session, user }
    }

    /// Who acts, for the audit trail.
    pub(crate) fn actor(&self) -> Actor {
        match self {
            Self::Session { user, .. } => Actor::User(user.id),
            Self::Token { token, .. } => Actor::Token(token.id),
        }
    }

    /// Who must come back from a provider.
    pub(crate) fn principal(&self) -> Principal {
        match self {
            Self::Session { session, .. } => Principal::Session(session.id),
            Self::Token { token, .. } => Principal::Token(token.id),
        }
    }

    /// The person in the browser, or whose token it is.
    pub(crate) fn user(&self) -> &User {
        match self {
            Self::Session { user, .. } | Self::Token { owner: user, .. } => user,
        }
    }

    /// What a reader's own switches allow; a person in their browser has none.
    pub(crate) fn sharing(&self) -> Option<&Sharing> {
        match self {
            Self::Session { .. } => None,
            Self::Token { token, .. } => Some(&token.sharing),
        }
    }

    /// Whose data a user token or a session reaches; a service token reaches whom it names.
    pub(crate) fn only_reaches(&self) -> Option<UserId> {
        match self {
            Self::Token { token, .. } if token.service => None,
            other => Some(other.user().id),
        }
    }
}

impl FromRequestParts<State> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let found = match Credential::of(state, parts) {
            Some(credential) => credential.find(state).await?,
            None => None,
        };
        found.ok_or_else(|| ProblemId::Unauthenticated.problem())
    }
}

/// What somebody shows to come in.
pub(super) enum Credential {
    Token(Secret),
    Session(Secret),
}

impl Credential {
    /// A token goes before a cookie.
    pub(super) fn of(state: &State, parts: &Parts) -> Option<Self> {
        let cookie = || Cookies::of(&parts.headers).get(state, SESSION).map(Self::Session);
        bearer(parts).map(Self::Token).or_else(cookie)
    }

    /// Whose it is, for somebody who comes in.
    async fn find(&self, state: &State) -> Result<Option<Caller>, Problem> {
        Ok(match self {
            Self::Token(secret) => state.identity.find_token(secret).await?.map(Caller::with_token),
            Self::Session(cookie) => state.identity.find_session(cookie).await?.map(Caller::with_session),
        })
    }

    /// Whose it is now, for somebody who has come in and stays.
    pub(super) async fn check(&self, state: &State) -> Result<Option<Caller>, Problem> {
        Ok(match self {
            Self::Token(secret) => state.identity.check_token(secret).await?.map(Caller::with_token),
            Self::Session(cookie) => state.identity.check_session(cookie).await?.map(Caller::with_session),
        })
    }
}

/// Whoever comes, proved or not.
pub(crate) struct Visitor {
    pub(crate) caller: Option<Caller>,
    /// The cookie of a connect link.
    pub(crate) link: Option<Secret>,
}

impl Visitor {
    /// All that the visitor proves to be, for the way back from a provider.
    pub(crate) fn principals(&self) -> Vec<(Principal, Actor)> {
        let caller = self.caller.as_ref().map(|caller| (caller.principal(), caller.actor()));
        let link = self.link.as_ref().map(|cookie| (Principal::Link(store::hash_secret(cookie)), Actor::Link));
        caller.into_iter().chain(link).collect()
    }
}

impl FromRequestParts<State> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let caller = match Caller::from_request_parts(parts, state).await {
            Ok(caller) => Some(caller),
            Err(problem) if problem.id == ProblemId::Unauthenticated => None,
            Err(problem) => return Err(problem),
        };
        Ok(Self { caller, link: Cookies::of(&parts.headers).get(state, LINK) })
    }
}

fn bearer(parts: &Parts) -> Option<Secret> {
    let text = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(secret.trim()))
}

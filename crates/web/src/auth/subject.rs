//! Whose data a request is about, and whether its caller may.

use std::marker::PhantomData;

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use model::{Actor, Role, Scope, Sharing, User, UserId};
use serde::Deserialize;
use store::ApiToken;

use super::Caller;
use crate::{
    State,
    problem::{Problem, ProblemId},
};

/// A permission, as a type.
pub(crate) trait Permission: Send + Sync + 'static {
    const SCOPE: Scope;
}

macro_rules! permissions {
    ($($name:ident),* $(,)?) => {$(
        pub(crate) struct $name;
        impl Permission for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )*};
}

permissions! {
    ConnectionsRead, ConnectionsWrite, RecordsRead, ContextRead, SharingWrite, TokensWrite, AuditRead, UsersWrite, LinksWrite,
    MetricsRead, DeliveriesRead, DeliveriesWrite,
    WebhooksWrite,
    SubscriptionsRead, SubscriptionsWrite,
}

/// A request about one person by somebody who holds a permission there: the person in their browser, their own
/// token, or a service token that names the person in `user_id`.
pub(crate) struct For<P> {
    pub(crate) user: UserId,
    pub(crate) caller: Caller,
    permission: PhantomData<P>,
}

impl<P> For<P> {
    /// Who acts, for the audit trail.
    pub(crate) fn actor(&self) -> Actor {
        self.caller.actor()
    }

    /// What a reader's own switches allow.
    pub(crate) fn sharing(&self) -> Option<&Sharing> {
        self.caller.sharing()
    }

    /// The person whom a caller means and may reach.
    pub(crate) async fn whom(state: &State, caller: &Caller, named: Option<&str>) -> Result<UserId, Problem> {
        match (caller.only_reaches(), named) {
            (Some(own), None) => Ok(own),
            (Some(own), Some(named)) if named == own.to_string() => Ok(own),
            (Some(_), Some(_)) => Err(ProblemId::Forbidden.because("only a service token reaches other people")),
            (None, None) => Err(Problem::invalid("user_id", "a service token names the person")),
            (None, Some(named)) => match state.engine.find_user(named).await? {
                Some(user) => Ok(user.id),
                None => Err(ProblemId::NotFound.because("there is no such user")),
            },
        }
    }
}

#[derive(Deserialize)]
struct Named {
    user_id: Option<String>,
}

impl<P: Permission> FromRequestParts<State> for For<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        require_scope::<P>(&caller)?;
        let named = Query::<Named>::try_from_uri(&parts.uri).ok().and_then(|Query(named)| named.user_id);
        let user = Self::whom(state, &caller, named.as_deref()).await?;
        Ok(Self { user, caller, permission: PhantomData })
    }
}

/// Whether a token holds a scope; a session may do all that its person may.
pub(crate) fn require_scope<P: Permission>(caller: &Caller) -> Result<(), Problem> {
    match caller {
        Caller::Token { token, .. } if !token.scopes.allow(P::SCOPE) => {
            Err(ProblemId::Forbidden.because(format!("this token lacks the scope {}", P::SCOPE)))
        }
        _ => Ok(()),
    }
}

/// A service token with a permission.
pub(crate) struct Service<P> {
    pub(crate) token: Box<ApiToken>,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<State> for Service<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        require_scope::<P>(&caller)?;
        match caller {
            Caller::Token { token, .. } if token.service => Ok(Self { token, permission: PhantomData }),
            _ => Err(ProblemId::Forbidden.because("only a service token may do this")),
        }
    }
}

/// An administrator in a browser, or a service token with a permission.
pub(crate) struct Staff<P> {
    pub(crate) caller: Caller,
    permission: PhantomData<P>,
}

impl<P> Staff<P> {
    /// Who acts, for the audit trail.
    pub(crate) fn actor(&self) -> Actor {
        self.caller.actor()
    }
}

impl<P: Permission> FromRequestParts<State> for Staff<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        require_scope::<P>(&caller)?;
        if is_staff(&caller) {
            Ok(Self { caller, permission: PhantomData })
        } else {
            Err(ProblemId::Forbidden.because("only an administrator or a service token may do this"))
        }
    }
}

/// An administrator in a browser, or a service token.
pub(super) fn is_staff(caller: &Caller) -> bool {
    match caller {
        Caller::Session { user: User { role, .. }, .. } => *role == Role::Admin,
        Caller::Token { token, .. } => token.service,
    }
}

//! Somebody who is signed in and looks at pages; whoever is not is led to the sign-in.

use axum::{
    extract::FromRequestParts,
    http::{Method, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use model::{Actor, User};
use store::Session;

use crate::{
    State,
    auth::Caller,
    extract::accepts,
    problem::ProblemId,
    views::{Moment, Nav, Page, SignedIn},
};

/// Somebody who is signed in.
pub(crate) struct Person {
    pub(crate) session: Session,
    pub(crate) user: User,
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
}

impl Person {
    pub(crate) fn new(session: Session, user: User, now: Timestamp) -> Self {
        let zone = TimeZone::get(&user.zone).unwrap_or(TimeZone::UTC);
        Self { session, user, now, zone }
    }

    /// Who acts, for the audit trail.
    pub(crate) fn actor(&self) -> Actor {
        Actor::User(self.user.id)
    }

    /// The frame of a page.
    pub(crate) fn page(&self, title: impl Into<String>, here: Nav) -> Page {
        Page::new(title, here, Some(signed_in(&self.user)))
    }

    /// An instant as this person reads it.
    pub(crate) fn moment(&self, at: Timestamp) -> Moment {
        Moment::seen(at, self.now, &self.zone)
    }

    /// An instant as this person reads it in a list that moves: today's by the clock, so that it stands still.
    pub(crate) fn instant(&self, at: Timestamp) -> Moment {
        let is_today = at.to_zoned(self.zone.clone()).date() == self.today();
        if is_today { Moment::clock(at, &self.zone) } else { self.moment(at) }
    }

    /// The civil day where this person is.
    pub(crate) fn today(&self) -> Date {
        self.user.today(self.now)
    }
}

impl FromRequestParts<State> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Response> {
        match Caller::from_request_parts(parts, state).await {
            Ok(Caller::Session { session, user }) => Ok(Self::new(session, user, state.engine.clock().now())),
            Ok(Caller::Token { .. }) => Err(ask_who(parts)),
            Err(problem) if problem.id == ProblemId::Unauthenticated => Err(ask_who(parts)),
            Err(problem) => Err(problem.into_response()),
        }
    }
}

/// Who is signed in, as pages show it.
pub(crate) fn signed_in(user: &User) -> SignedIn {
    SignedIn { email: user.email.clone().unwrap_or_default(), role: user.role }
}

/// Where one signs in, and then goes on to a page.
pub(crate) fn sign_in_url(return_to: &str) -> String {
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", return_to).finish();
    format!("/sign-in?{query}")
}

/// A browser is led to the sign-in, a program is told.
fn ask_who(parts: &Parts) -> Response {
    let program = parts.headers.contains_key(header::AUTHORIZATION) || parts.uri.path().starts_with("/api/");
    if program && !accepts(&parts.headers, "text/html") {
        return ProblemId::Unauthenticated.problem().into_response();
    }
    let here = parts.uri.path_and_query().map_or("/", |here| here.as_str());
    // What a form did not send is not sent again by itself.
    let return_to = if parts.method == Method::GET { here } else { "/" };
    Redirect::to(&sign_in_url(return_to)).into_response()
}

/// A path of ours, whatever somebody put into a link to the sign-in: browsers take `//` and `/\` for other sites.
pub(crate) fn local_path(text: &str) -> &str {
    let ours = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(|letter: char| letter == '\\' || letter.is_control());
    if ours { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_only_returns_to_this_server() {
        assert_eq!(local_path("/audit?before=7"), "/audit?before=7");
        for foreign in
            ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\u{1}", "", "evil"]
        {
            assert_eq!(local_path(foreign), "/", "{foreign}");
        }
    }
}

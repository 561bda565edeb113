//! What went wrong, as a page: what happened, what is safe, what to do.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};

use super::{
    person::{sign_in_url, signed_in},
    render,
    words::sentence,
};
use crate::{
    auth::{Caller, Visitor},
    problem::{Problem, ProblemId},
    views::{Message, Nav, Page, SignedIn, Way},
};

/// A problem as a page for whoever came.
pub(crate) fn about(visitor: &Visitor, problem: Problem) -> Response {
    if problem.id == ProblemId::Unauthenticated {
        return Redirect::to(&sign_in_url("/")).into_response();
    }
    let user = match &visitor.caller {
        Some(Caller::Session { user, .. }) => Some(signed_in(user)),
        _ => None,
    };
    let mut message = message(&problem, user);
    if visitor.caller.is_none() && visitor.link.is_some() {
        message.advice = Some("Go back to the app that sent you here, and ask it for a new link.".to_owned());
        message.way = None;
    }
    answer(problem.status(), &message)
}

/// The page in the place of a problem that a handler answered; what its headers say stays.
pub(crate) fn instead_of(response: Response, problem: &Problem, request_id: Option<&str>) -> Response {
    let request_id = request_id.filter(|_| problem.id == ProblemId::Internal).map(str::to_owned);
    let message = Message { request_id, ..message(problem, None) };
    let Ok(page) = render(&message) else { return response };
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.remove(header::CONTENT_ENCODING);
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Response::from_parts(head, page.into_body())
}

fn answer(status: StatusCode, message: &Message) -> Response {
    match render(message) {
        Ok(page) => (status, page).into_response(),
        Err(_) => (status, Html(Body::empty())).into_response(),
    }
}

fn message(problem: &Problem, user: Option<SignedIn>) -> Message {
    let (title, detail) = problem.words();
    let (_, _, _, explanation) = problem.id.facts();
    let (safe, advice, way) = what_now(problem.id);
    let heading = if problem.id == ProblemId::InvalidState { "Nothing was connected" } else { title };
    Message {
        page: Page::new(heading, Nav::Elsewhere, user),
        heading: heading.to_owned(),
        happened: sentence(detail.unwrap_or(explanation).trim()),
        safe: safe.map(str::to_owned),
        advice: advice.map(str::to_owned),
        way: Some(way),
        request_id: None,
    }
}

fn what_now(id: ProblemId) -> (Option<&'static str>, Option<&'static str>, Way) {
    let connections = || Way::new("/connections", "Back to connections");
    let home = || Way::new("/", "Back to the dashboard");
    match id {
        ProblemId::Unauthenticated => (None, None, Way::new("/sign-in", "Sign in")),
        ProblemId::InvalidState => (
            Some("Nothing was stored, and nothing was collected."),
            Some("Begin again from your connections; it takes a minute."),
            connections(),
        ),
        ProblemId::AccessDenied | ProblemId::ProviderRefused => {
            (Some("Nothing was changed, and what was collected before is safe."), None, connections())
        }
        ProblemId::NotConnected | ProblemId::NeedsConsent | ProblemId::AccountConflict => {
            (Some("What was collected before is safe."), None, connections())
        }
        ProblemId::ProviderUnavailable => {
            (Some("What was collected before is safe."), Some("Try again in a minute."), connections())
        }
        ProblemId::DeadLink => {
            (Some("Nothing was collected."), Some("Ask the app that sent you here for a new link."), home())
        }
        ProblemId::RateLimited | ProblemId::Locked => {
            (Some("Nothing was changed."), Some("Wait a minute, then try again."), home())
        }
        ProblemId::Internal => (
            Some("What was stored before is safe."),
            Some("Try again. If it stays so, tell whoever runs this server."),
            home(),
        ),
        _ => (None, None, home()),
    }
}

//! Connect links: an app sent its user here, who has no account of their own.
//!
//! Looking at a link changes nothing, because programs that look for dangers follow links, too. Only a form that is
//! sent opens it, and binds it to the one browser that sent it.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State as Extract},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use engine::{Begin, Error, LinkProblem, OpenedLink};
use jiff::tz::TimeZone;
use model::{Actor, Kind, Secret};
use store::Principal;

use super::{
    Answer, Fields,
    disclosure::{CHANGED, agreed, asking, have_words_changed, ticked},
    go_on, message, render,
};
use crate::{
    State,
    auth::{LINK, Visitor, set_cookie},
    manners,
    problem::{Problem, ProblemId},
    views::{Asking, DeadLink, LinkPage, LinkProvider, Moment, Nav, Page, WhyDead},
};

/// The link's own ten minutes, and ten more for the way to the provider and back.
const COOKIE_SECONDS: i64 = 20 * 60;

/// Shows who asks, and what there is to choose from.
pub(crate) async fn show(Extract(state): Extract<State>, visitor: Visitor, Path(token): Path<Secret>) -> Answer {
    match look(&state, &visitor, &token).await {
        Ok(link) => match link.providers.iter().next() {
            Some(only) if link.providers.len() == 1 => asked(&state, &token, &link, only, None),
            _ => page(&state, &token, &link, None, None),
        },
        Err(error) => dead(error),
    }
}

/// The person chose a provider: the link is theirs from now on.
pub(crate) async fn open(
    Extract(state): Extract<State>,
    visitor: Visitor,
    Path(token): Path<Secret>,
    fields: Fields,
) -> Answer {
    let provider = fields.text("provider");
    // What chooses nothing does not use the link up.
    match look(&state, &visitor, &token).await {
        Ok(link) if link.providers.contains(provider) => {}
        Ok(_) => return Err(Problem::invalid("provider", "is none of those that the link offers")),
        Err(error) => return dead(error),
    }
    let cookie = match hold(&state, &visitor, &token).await {
        Ok((_, cookie)) => cookie,
        Err(error) => return dead(error),
    };
    let next = go_on(&format!("/link/{}/{provider}", token.expose()))?;
    Ok(bound(&state, &cookie, next))
}

/// Shows what one provider would give.
pub(crate) async fn disclose(
    Extract(state): Extract<State>,
    visitor: Visitor,
    Path((token, provider)): Path<(Secret, String)>,
) -> Answer {
    match look(&state, &visitor, &token).await {
        Ok(link) if link.providers.contains(&provider) => asked(&state, &token, &link, &provider, None),
        Ok(_) => Err(Error::NotFound("provider").into()),
        Err(error) => dead(error),
    }
}

/// The person agreed: the way to the provider begins.
pub(crate) async fn connect(
    Extract(state): Extract<State>,
    visitor: Visitor,
    Path((token, provider)): Path<(Secret, String)>,
    fields: Fields,
) -> Answer {
    let kinds = agreed(&fields)?;
    match look(&state, &visitor, &token).await {
        Ok(link) if !link.providers.contains(&provider) => return Err(Error::NotFound("provider").into()),
        Ok(link) if have_words_changed(&state, &provider, &fields)? => {
            return asked(&state, &token, &link, &provider, Some(ticked(&fields)));
        }
        Ok(_) => {}
        Err(error) => return dead(error),
    }
    let (link, cookie) = match hold(&state, &visitor, &token).await {
        Ok(held) => held,
        Err(error) => return dead(error),
    };
    let begin = Begin {
        user: link.user_id,
        actor: Actor::Link,
        principal: Principal::Link(store::hash_secret(&cookie)),
        provider,
        kinds,
        link: Some(link.id),
    };
    let next = match state.engine.begin(begin).await {
        Ok(begun) => go_on(begun.redirect_url.as_str())?,
        Err(error) => message::about(&visitor, error.into()),
    };
    Ok(bound(&state, &cookie, next))
}

/// A link that is whole, or that this browser opened before.
async fn look(state: &State, visitor: &Visitor, token: &Secret) -> engine::Result<OpenedLink> {
    match state.engine.look_at_link(token).await {
        Err(Error::Link(LinkProblem::Used)) => own(state, visitor).await.map(|(link, _)| link),
        looked => looked,
    }
}

/// Opens a link for this browser, or finds that it did so before.
async fn hold(state: &State, visitor: &Visitor, token: &Secret) -> engine::Result<(OpenedLink, Secret)> {
    match state.engine.open_link(token).await {
        Err(Error::Link(LinkProblem::Used)) => own(state, visitor).await,
        opened => opened,
    }
}

async fn own(state: &State, visitor: &Visitor) -> engine::Result<(OpenedLink, Secret)> {
    let used = Error::Link(LinkProblem::Used);
    let Some(cookie) = visitor.link.clone() else { return Err(used) };
    let link = state.engine.find_opened_link(&cookie).await?;
    link.map(|link| (link, cookie)).ok_or(used)
}

/// The cookie is the only way on: another browser with the same link is a stranger.
fn bound(state: &State, cookie: &Secret, mut response: Response) -> Response {
    response.headers_mut().append(header::SET_COOKIE, set_cookie(state, LINK, cookie, COOKIE_SECONDS));
    response
}

/// What is asked; once more with what was ticked, when the words have changed since they were shown.
fn asked(state: &State, token: &Secret, link: &OpenedLink, provider: &str, again: Option<BTreeSet<Kind>>) -> Answer {
    let notice = again.as_ref().map(|_| CHANGED);
    let app = &link.app_name;
    let asking = Asking {
        action: format!("/link/{}/{provider}", token.expose()),
        recipient: format!("{app}, and nobody else."),
        kept: format!("Until {app} disconnects you and erases it."),
        ending: format!("Ask {app} to disconnect you."),
        cancel: declined(link),
        ..asking(state, provider, again)?
    };
    page(state, token, link, Some(asking), notice)
}

fn page(
    state: &State,
    token: &Secret,
    link: &OpenedLink,
    asking: Option<Asking>,
    notice: Option<&'static str>,
) -> Answer {
    let manifests = state.engine.providers().map(|configured| configured.manifest());
    let offered = manifests.filter(|manifest| link.providers.contains(&manifest.id));
    let host = link.return_url.host_str().unwrap_or_default();
    let page = Page::new(format!("{} asks for your data", link.app_name), Nav::Elsewhere, None).noting(notice);
    let view = LinkPage {
        page,
        app_name: link.app_name.clone(),
        recipient: format!("{} ({host})", link.app_name),
        expires: Moment::seen(link.expires_at, state.engine.clock().now(), &TimeZone::UTC),
        action: format!("/link/{}", token.expose()),
        providers: offered
            .map(|manifest| LinkProvider {
                id: manifest.id.clone(),
                name: manifest.name.clone(),
                about: manifest.about.clone(),
            })
            .collect(),
        asking,
        cancel: declined(link),
    };
    let mut response = render(&view)?;
    // The way leads back to the app in the end, and browsers hold every step of it to the policy of this page.
    let origin = link.return_url.origin().ascii_serialization();
    if let Ok(policy) = HeaderValue::from_str(&manners::page_policy(state, Some(&origin))) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// Back to the app, which hears that the person said no.
fn declined(link: &OpenedLink) -> String {
    let mut url = link.return_url.clone();
    url.query_pairs_mut().append_pair("error", "access_denied");
    url.into()
}

fn dead(error: Error) -> Answer {
    let why = match error {
        Error::Link(LinkProblem::Expired) => WhyDead::Expired,
        Error::Link(LinkProblem::Used) => WhyDead::Used,
        Error::Link(LinkProblem::Unknown) => WhyDead::Unknown,
        other => return Err(other.into()),
    };
    let page = Page::new(why.heading(), Nav::Elsewhere, None);
    let page = render(&DeadLink { page, app_name: None, why })?;
    let (_, status, ..) = ProblemId::DeadLink.facts();
    Ok((status, page).into_response())
}

//! What a person reads and agrees to before the way to a provider.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State as Extract},
    http::HeaderMap,
};
use engine::Begin;
use model::{Kind, UserId};
use store::Principal;

use super::{
    Answer, Fields, Person, go_on,
    person::{sign_in_url, signed_in},
    render,
};
use crate::{
    State,
    api::Subject,
    auth::{Caller, ConnectionsWrite, For},
    extract::prefers,
    problem::{Problem, ProblemId, Problems},
    views::{Asking, Disclosure, Nav, Page, SignedIn, TopicKinds, Way},
};

/// How far back the first sync reaches.
const DAYS_BACK: u32 = 30;

/// Shows what would be collected.
pub(crate) async fn show(Extract(state): Extract<State>, person: Person, Path(provider): Path<String>) -> Answer {
    page(&state, person.user.id, Some(signed_in(&person.user)), &provider).await
}

/// The same beside the API's way to connect: for a person in a browser, and for an app that looks what it asks for.
#[utoipa::path(get, path = "/api/v1/integrations/{provider}/auth", operation_id = "show_disclosure", tag = "integrations",
    params(("provider" = String, Path), Subject),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 303, description = "A browser that nobody has signed in to is led to the sign-in"), Problems))]
pub(crate) async fn show_to_caller(
    Extract(state): Extract<State>,
    subject: Result<For<ConnectionsWrite>, Problem>,
    Path(provider): Path<String>,
    headers: HeaderMap,
) -> Answer {
    match subject {
        Ok(For { user, caller: Caller::Session { user: person, .. }, .. }) => {
            page(&state, user, Some(signed_in(&person)), &provider).await
        }
        Ok(For { user, .. }) => page(&state, user, None, &provider).await,
        Err(problem) if problem.id == ProblemId::Unauthenticated && prefers(&headers, "text/html") => {
            go_on(&sign_in_url(&format!("/connections/{provider}/connect")))
        }
        Err(problem) => Err(problem),
    }
}

async fn page(state: &State, user: UserId, signed_in: Option<SignedIn>, provider: &str) -> Answer {
    let agreed = state.engine.status(user, provider).await?.consent.map(|consent| consent.kinds);
    let asking = Asking {
        action: format!("/connections/{provider}/connect"),
        recipient: "You, and the agents that you allow. Nobody else.".to_owned(),
        ending: "Disconnect here at any time, and choose whether the data goes or stays.".to_owned(),
        cancel: "/connections".to_owned(),
        ..asking(state, provider, agreed)?
    };
    let page = Page::new(format!("Connect {}", asking.provider), Nav::Connections, signed_in);
    render(&Disclosure { page, asking })
}

/// The person agreed: the way to the provider begins.
pub(crate) async fn submit(
    Extract(state): Extract<State>,
    person: Person,
    Path(provider): Path<String>,
    fields: Fields,
) -> Answer {
    let kinds = agreed(&fields)?;
    let begin = Begin {
        user: person.user.id,
        actor: person.actor(),
        principal: Principal::Session(person.session.id),
        provider,
        kinds,
        link: None,
    };
    go_on(state.engine.begin(begin).await?.redirect_url.as_str())
}

/// The kinds that are ticked. None ticked means no, never everything.
pub(super) fn agreed(fields: &Fields) -> Result<Vec<String>, Problem> {
    let kinds = fields.all("kinds");
    if kinds.is_empty() {
        return Err(ProblemId::Invalid.because("Tick at least one thing that may be collected. Nothing was changed."));
    }
    Ok(kinds)
}

/// What is asked of a person, whoever asks.
pub(super) fn asking(state: &State, provider: &str, agreed: Option<BTreeSet<Kind>>) -> Result<Asking, engine::Error> {
    let disclosure = state.engine.disclosure(provider)?;
    let offered: BTreeSet<_> = disclosure.kinds.into_values().flatten().collect();
    let account_page = disclosure.account_page.map(|url| Way::new(url, format!("your account at {}", disclosure.name)));
    Ok(Asking {
        provider: disclosure.name,
        action: String::new(),
        topics: TopicKinds::group(offered.iter().copied()),
        chosen: agreed.unwrap_or(offered),
        purpose: disclosure.purpose.to_owned(),
        recipient: String::new(),
        kept: "Until you disconnect and erase it.".to_owned(),
        days_back: DAYS_BACK,
        ending: String::new(),
        account_page,
        version: disclosure.version.to_owned(),
        cancel: String::new(),
    })
}

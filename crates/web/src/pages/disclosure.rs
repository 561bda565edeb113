//! What a person reads and agrees to before the way to a provider.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State as Extract},
    http::HeaderMap,
};
use engine::Begin;
use model::{Action, Kind, UserId};
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
    declared::Problems,
    extract::accepts,
    problem::{Problem, ProblemId},
    views::{Asking, Disclosure, Nav, Page, SignedIn, TopicKinds, Way},
};

/// Said when a form was shown with other words than today's.
pub(super) const CHANGED: &str = "These words have changed since you opened the page. Read them again, then decide.";
/// Said to apps, which no browser's button helps.
const FOR_APPS: &str = "This is what the person will read. The button below works where the person is signed in; an \
    app that shows an API token sends POST to this same address instead.";

/// Shows what would be collected.
pub(crate) async fn show(Extract(state): Extract<State>, person: Person, Path(provider): Path<String>) -> Answer {
    page(&state, person.user.id, Some(signed_in(&person.user)), &provider, None).await
}

/// Shows what would be collected, as a page: to a person in a browser, and to an app that looks what it asks for.
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
            page(&state, user, Some(signed_in(&person)), &provider, None).await
        }
        Ok(For { user, caller, .. }) => {
            state.engine.note_read(&caller.actor(), user, Action::StatusRead).await?;
            page(&state, user, None, &provider, Some(FOR_APPS)).await
        }
        Err(problem) if problem.id == ProblemId::Unauthenticated && accepts(&headers, "text/html") => {
            go_on(&sign_in_url(&format!("/connections/{provider}/connect")))
        }
        Err(problem) => Err(problem),
    }
}

async fn page(
    state: &State,
    user: UserId,
    signed_in: Option<SignedIn>,
    provider: &str,
    notice: Option<&'static str>,
) -> Answer {
    let agreed = state.engine.status(user, provider).await?.consent.map(|consent| consent.kinds);
    let asking = ask(state, provider, agreed)?;
    show_asking(asking, signed_in, notice)
}

fn ask(state: &State, provider: &str, chosen: Option<BTreeSet<Kind>>) -> Result<Asking, engine::Error> {
    Ok(Asking {
        action: format!("/connections/{provider}/connect"),
        recipient: "You, and the agents that you allow. Nobody else.".to_owned(),
        ending: "Disconnect here at any time, and choose whether the data goes or stays.".to_owned(),
        cancel: "/connections".to_owned(),
        ..asking(state, provider, chosen)?
    })
}

fn show_asking(asking: Asking, signed_in: Option<SignedIn>, notice: Option<&'static str>) -> Answer {
    let page = Page::new(format!("Connect {}", asking.provider), Nav::Connections, signed_in).noting(notice);
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
    if have_words_changed(&state, &provider, &fields)? {
        let asking = ask(&state, &provider, Some(ticked(&fields)))?;
        return show_asking(asking, Some(signed_in(&person.user)), Some(CHANGED));
    }
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

/// Whether a form was shown with other words than today's: nobody agrees to what they have not read.
pub(super) fn have_words_changed(state: &State, provider: &str, fields: &Fields) -> Result<bool, engine::Error> {
    let shown = fields.text("version");
    Ok(!shown.is_empty() && shown != state.engine.disclosure(provider)?.version)
}

/// What was ticked, as far as it is a kind.
pub(super) fn ticked(fields: &Fields) -> BTreeSet<Kind> {
    fields.all("kinds").iter().filter_map(|word| word.parse().ok()).collect()
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
        days_back: disclosure.days_back,
        ending: String::new(),
        account_page,
        version: disclosure.version.to_owned(),
        cancel: String::new(),
    })
}

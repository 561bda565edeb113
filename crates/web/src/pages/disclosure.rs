//! What a person reads and agrees to before the way to a provider.

use std::collections::BTreeSet;

use axum::extract::{Path, State as Extract};
use engine::Begin;
use model::Kind;
use store::Principal;

use super::{Answer, Fields, Person, go_on, render};
use crate::{
    State,
    problem::{Problem, ProblemId},
    views::{Asking, Disclosure, Nav, TopicKinds, Way},
};

/// How far back the first sync reaches.
const DAYS_BACK: u32 = 30;

/// Shows what would be collected.
pub(crate) async fn show(Extract(state): Extract<State>, person: Person, Path(provider): Path<String>) -> Answer {
    let agreed = state.engine.status(person.user.id, &provider).await?.consent.map(|consent| consent.kinds);
    let asking = Asking {
        action: format!("/connections/{provider}/connect"),
        recipient: "You, and the agents that you allow. Nobody else.".to_owned(),
        ending: "Disconnect here at any time, and choose whether the data goes or stays.".to_owned(),
        cancel: "/connections".to_owned(),
        ..asking(&state, &provider, agreed)?
    };
    let page = person.page(format!("Connect {}", asking.provider), Nav::Connections);
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

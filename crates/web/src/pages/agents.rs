//! API tokens: making them, what each may see, what it read, and stopping it.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    extract::{Path, State as Extract},
    http::StatusCode,
    response::IntoResponse,
};
use engine::AuditQuery;
use identity::{Error, TokenRequest};
use model::{Action, AuditEntry, Role, Scope, Scopes, Secret, Sharing, TokenId, Topic};
use serde::Deserialize;
use store::ApiToken;

use super::{Answer, Fields, Person, connections::consented, go_on, render, words::sentence};
use crate::{
    State,
    extract::Query,
    problem::{Problem, ProblemId},
    views::{AgentRow, Agents, Created, Nav, NewAgent, Page, ReadLine, SharingForm, Tone},
};

const LIFETIMES: [u32; 5] = [7, 30, 90, 365, 0];
const DEFAULT_LIFETIME: u32 = 90;
const READS_SHOWN: usize = 10;
/// Enough of the trail to find the last reads of a few agents.
const TRAIL: i64 = 300;

/// What just happened.
#[derive(Deserialize)]
pub(crate) struct Happened {
    saved: Option<String>,
    revoked: Option<String>,
}

/// Shows the agents.
pub(crate) async fn show(Extract(state): Extract<State>, person: Person, Query(happened): Query<Happened>) -> Answer {
    let page = person.page("Agents", Nav::Agents);
    let page = if happened.revoked.is_some() {
        page.with(Tone::Good, "Revoked: the token opens nothing any more.")
    } else if happened.saved.is_some() {
        page.with(Tone::Good, "Saved: from now on, the agent sees what is switched on.")
    } else {
        page
    };
    let form = empty_form(&person);
    render(&view(&state, &person, page, form, None).await?)
}

/// Makes a token, and shows its secret this once.
pub(crate) async fn create(Extract(state): Extract<State>, person: Person, fields: Fields) -> Answer {
    let form = filled_form(&person, &fields);
    let page = person.page("Agents", Nav::Agents);
    match make(&state, &person, &form, fields.is_ticked("service")).await {
        Ok((token, secret)) => {
            let created = created(&state, &token, secret);
            let view = view(&state, &person, page, empty_form(&person), Some(created)).await?;
            Ok((StatusCode::CREATED, render(&view)?).into_response())
        }
        Err(Error::Invalid(why)) => {
            let form = NewAgent { problem: Some(sentence(&why)), ..form };
            let view = view(&state, &person, page, form, None).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&view)?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// Sets what one agent may see.
pub(crate) async fn share(
    Extract(state): Extract<State>,
    person: Person,
    Path(token): Path<String>,
    fields: Fields,
) -> Answer {
    let sharing = fields.sharing()?;
    state.identity.set_token_sharing(&person.actor(), person.user.id, read_id(&token)?, &sharing).await?;
    go_on("/agents?saved=sharing")
}

/// Revokes a token.
pub(crate) async fn revoke(
    Extract(state): Extract<State>,
    person: Person,
    Path(token): Path<String>,
    fields: Fields,
) -> Answer {
    fields.require_yes()?;
    state.identity.revoke_token(&person.actor(), person.user.id, read_id(&token)?).await?;
    go_on("/agents?revoked=token")
}

fn read_id(text: &str) -> Result<TokenId, Problem> {
    text.parse().map_err(|_| ProblemId::NotFound.because("there is no such token"))
}

async fn make(state: &State, person: &Person, form: &NewAgent, service: bool) -> Result<(ApiToken, Secret), Error> {
    let seconds = u64::from(form.lifetime) * 86_400;
    let new = TokenRequest {
        owner: person.user.id,
        service,
        name: form.name.clone(),
        scopes: Scopes(form.chosen.iter().copied().collect()),
        sharing: Sharing::default(),
        expires_in: (seconds > 0).then(|| Duration::from_secs(seconds)),
    };
    state.identity.create_token(&person.actor(), new).await
}

fn created(state: &State, token: &ApiToken, secret: Secret) -> Created {
    let path = if token.scopes.allow(Scope::ContextRead) {
        "/api/v1/context"
    } else if token.scopes.allow(Scope::RecordsRead) {
        "/api/v1/records"
    } else {
        "/api/v1/me"
    };
    let mut url = state.settings.public_url.clone();
    url.set_path(path);
    if token.service && path != "/api/v1/me" {
        url.set_query(Some("user_id=USER"));
    }
    Created { name: token.name.clone(), secret, example_url: url.into() }
}

async fn view(
    state: &State,
    person: &Person,
    page: Page,
    form: NewAgent,
    created: Option<Created>,
) -> Result<Agents, Problem> {
    let tokens = state.identity.tokens(person.user.id).await?;
    let wanted = AuditQuery { before: None, action: None, limit: TRAIL };
    let trail = state.engine.audit(person.user.id, &wanted).await?;
    let consented = consented(&state.engine.statuses(person.user.id).await?);
    let agents = tokens.into_iter().map(|token| row(person, token, &trail, &consented)).collect();
    Ok(Agents { page, agents, created, form })
}

fn row(person: &Person, token: ApiToken, trail: &[AuditEntry], consented: &BTreeSet<Topic>) -> AgentRow {
    let id = token.id.to_string();
    let own = trail.iter().filter(|entry| entry.actor == "token" && entry.actor_id.as_deref() == Some(&id));
    let reads =
        own.filter_map(|entry| Some(ReadLine { at: person.moment(entry.at), what: what(entry.action)?.to_owned() }));
    let reads = reads.take(READS_SHOWN).collect();
    let tells = token.scopes.allow(Scope::ContextRead) || token.scopes.allow(Scope::RecordsRead);
    AgentRow {
        id: token.id,
        service: token.service,
        scopes: token.scopes.0.iter().copied().collect(),
        created: person.moment(token.created_at),
        expires: token.expires_at.map(|at| person.moment(at)),
        expired: token.expires_at.is_some_and(|at| at <= person.now),
        last_used: token.last_used_at.map(|at| person.moment(at)),
        reads,
        sharing: tells.then(|| SharingForm {
            action: format!("/agents/{id}/sharing"),
            agent: Some(token.name.clone()),
            sharing: token.sharing,
            consented: consented.clone(),
        }),
        name: token.name,
    }
}

/// What was read, if it was a read.
fn what(action: Action) -> Option<&'static str> {
    match action {
        Action::RecordsRead => Some("your records"),
        Action::EventsRead => Some("your events"),
        Action::ContextRead => Some("your context"),
        Action::StatusRead => Some("the state of your connections"),
        Action::AuditRead => Some("your audit trail"),
        _ => None,
    }
}

fn empty_form(person: &Person) -> NewAgent {
    let may_serve = person.user.role == Role::Admin;
    let offered = if may_serve { Scopes::all() } else { Scopes::personal() };
    NewAgent {
        name: String::new(),
        offered: offered.0.into_iter().collect(),
        chosen: vec![Scope::ContextRead],
        lifetimes: LIFETIMES.to_vec(),
        lifetime: DEFAULT_LIFETIME,
        may_serve,
        problem: None,
    }
}

fn filled_form(person: &Person, fields: &Fields) -> NewAgent {
    let form = empty_form(person);
    let sent = fields.all("scopes");
    let lifetime = fields.text("expires_in_days").parse().ok().filter(|days| LIFETIMES.contains(days));
    NewAgent {
        name: fields.text("name").to_owned(),
        chosen: form.offered.iter().copied().filter(|scope| sent.iter().any(|word| word == scope.as_str())).collect(),
        lifetime: lifetime.unwrap_or(DEFAULT_LIFETIME),
        ..form
    }
}

//! The dashboard.

use axum::extract::State as Extract;
use engine::{RecordQuery, Status, TimelineQuery};
use jiff::Timestamp;
use model::Scope;
use serde::Deserialize;

use super::{
    Answer, Person,
    progress::under_way,
    provider_name, render,
    timeline::lines,
    trends::{KINDS, Trends, first_day},
    words::count,
};
use crate::{
    State,
    extract::Query,
    problem::Problem,
    views::{Dashboard, Nav, Range, SourceLine, Told},
};

/// Several accounts, each with naps: far more than a person has in four months.
const MOST_RECORDS: i64 = 5_000;
const LINES: usize = 15;

/// How many days to show.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    days: Option<String>,
}

/// Shows the dashboard.
pub(crate) async fn show(Extract(state): Extract<State>, person: Person, Query(wanted): Query<Wanted>) -> Answer {
    let range = wanted.days.and_then(|days| Range::of(days.parse().ok()?)).unwrap_or(Range::Month);
    let statuses = state.engine.statuses(person.user.id).await?;
    let in_use: Vec<_> = statuses.iter().filter(|status| status.connection_id.is_some()).collect();
    // Read before all else: what comes meanwhile is told by the stream again.
    let head = state.engine.head(person.user.id).await?;
    let trends = trends(&state, &person, range).await?;
    let latest = TimelineQuery { limit: LINES, ..TimelineQuery::default() };
    render(&Dashboard {
        page: person.page("Dashboard", Nav::Dashboard),
        greeting: greeting(&person).to_owned(),
        sources: in_use.iter().map(|status| source(&person, status)).collect(),
        progress: in_use.iter().filter_map(|status| under_way(status, "/")).collect(),
        figures: trends.figures(|id| provider_name(&state, id).unwrap_or_else(|| id.to_owned())),
        range,
        charts: trends.charts(),
        told: told(&state, &person).await?,
        events: lines(&state, &person, &latest).await?.0,
        head,
    })
}

fn greeting(person: &Person) -> &'static str {
    match person.now.to_zoned(person.zone.clone()).hour() {
        5..12 => "Good morning.",
        12..18 => "Good afternoon.",
        _ => "Good evening.",
    }
}

fn source(person: &Person, status: &Status) -> SourceLine {
    let silent = status.listening.as_ref().is_some_and(|hearing| hearing.silent_since.is_some());
    let trouble = match (&status.reason, &status.last_error) {
        (Some(_), _) => Some("no longer accepts our key"),
        (None, Some(_)) => Some("could not be read completely"),
        (None, None) if silent => Some("did not tell of something new, and is asked meanwhile"),
        (None, None) => None,
    };
    SourceLine {
        name: status.name.clone(),
        synced: status.last_sync_at.map(|at| person.moment(at)),
        heard: heard(status).map(|at| person.moment(at)),
        trouble: trouble.map(str::to_owned),
    }
}

/// When a provider last told of something, where its telling is well.
fn heard(status: &Status) -> Option<Timestamp> {
    status.listening.as_ref().filter(|hearing| hearing.how == "webhooks")?.last_notice_at
}

async fn trends(state: &State, person: &Person, range: Range) -> Result<Trends, engine::Error> {
    let today = person.today();
    let wanted = RecordQuery {
        kinds: KINDS.to_vec(),
        from: Some(first_day(today, range.days())),
        limit: MOST_RECORDS,
        ..RecordQuery::default()
    };
    let records = state.engine.records(person.user.id, None, wanted).await?;
    Ok(Trends::new(today, range.days(), records))
}

/// What an agent without switches of its own is told: what the person shares with everybody.
async fn told(state: &State, person: &Person) -> Result<Told, Problem> {
    let context = state.engine.tell(person.user.id, None).await?.context;
    let tokens = state.identity.tokens(person.user.id).await?;
    let alive = tokens.iter().filter(|token| token.expires_at.is_none_or(|end| end > person.now));
    let readers = alive.filter(|token| !token.service && token.scopes.allow(Scope::ContextRead)).count();
    Ok(Told {
        tokens: context.as_ref().map_or(0, |context| context.estimated_tokens()),
        markdown: context.map(|context| context.to_markdown()),
        readers: match readers {
            0 => "no agent yet".to_owned(),
            readers => count(i64::try_from(readers).unwrap_or(i64::MAX), "agent", "agents"),
        },
    })
}

//! A person's timeline.

use axum::extract::State as Extract;
use engine::{ChangeFilter, Sort, TimelineQuery};
use jiff::Timestamp;
use model::Kind;
use serde::Deserialize;

use super::{Answer, Person, render, timeline::lines};
use crate::{
    State,
    extract::Query,
    problem::Problem,
    views::{EventFilter, Events, Nav},
};

const LINES: usize = 60;

/// Which happenings to show; an empty word means all.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    sort: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    provider: String,
    before: Option<Timestamp>,
}

/// Shows the timeline.
pub(crate) async fn show(Extract(state): Extract<State>, person: Person, Query(wanted): Query<Wanted>) -> Answer {
    let kind = Some(wanted.kind.as_str()).filter(|word| !word.is_empty()).map(str::parse::<Kind>).transpose();
    let kind = kind.map_err(|unknown| Problem::invalid("kind", unknown.to_string()))?;
    let query = TimelineQuery {
        before: wanted.before,
        sort: sort(&wanted.sort)?,
        changes: ChangeFilter {
            kinds: kind.map(|kind| vec![kind]),
            provider: Some(wanted.provider.clone()).filter(|id| !id.is_empty()),
        },
        limit: LINES,
    };
    // Read before the lines: what comes meanwhile is told by the stream again.
    let head = state.engine.head(person.user.id).await?;
    let (lines, next) = lines(&state, &person, &query).await?;
    let providers = state.engine.providers().map(|it| (it.manifest().id.clone(), it.manifest().name.clone()));
    render(&Events {
        page: person.page("Events", Nav::Events),
        lines,
        head: wanted.before.is_none().then_some(head),
        older: next.map(|before| older(&wanted, before)),
        filter: EventFilter { kind, providers: providers.collect(), sort: wanted.sort, provider: wanted.provider },
    })
}

fn sort(word: &str) -> Result<Option<Sort>, Problem> {
    match word {
        "" => Ok(None),
        "changes" => Ok(Some(Sort::Changes)),
        "notices" => Ok(Some(Sort::Notices)),
        "syncs" => Ok(Some(Sort::Syncs)),
        "deeds" => Ok(Some(Sort::Deeds)),
        _ => Err(Problem::invalid("sort", "is none of the sorts to choose from")),
    }
}

fn older(wanted: &Wanted, before: Timestamp) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("sort", &wanted.sort)
        .append_pair("kind", &wanted.kind)
        .append_pair("provider", &wanted.provider)
        .append_pair("before", &before.to_string())
        .finish();
    format!("/events?{query}")
}

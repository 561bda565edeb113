//! The audit trail, in sentences.

use std::collections::HashMap;

use axum::extract::State as Extract;
use engine::AuditQuery;
use jiff::civil::Date;
use model::{Action, AuditEntry};
use serde::Deserialize;

use super::{Answer, Person, render};
use crate::{
    State,
    extract::Query,
    problem::Problem,
    views::{Audit, AuditDay, AuditLine, Chain, Moment, Nav, Who},
};

const PAGE: i64 = 100;

/// Which entries to show.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    before: Option<i64>,
    /// An action, or nothing for all of them.
    action: Option<String>,
}

/// Shows the trail.
pub(crate) async fn show(Extract(state): Extract<State>, person: Person, Query(wanted): Query<Wanted>) -> Answer {
    let filter = wanted.action.as_deref().filter(|word| !word.is_empty()).map(str::parse::<Action>).transpose();
    let filter = filter.map_err(|unknown| Problem::invalid("action", unknown.to_string()))?;
    let query = AuditQuery { before: wanted.before, action: filter, limit: PAGE };
    let entries = state.engine.audit(person.user.id, &query).await?;
    let chain = match state.engine.verify_audit(person.user.id).await? {
        Ok(entries) => Chain::Intact { entries },
        Err(broken) => Chain::Broken { position: broken.position },
    };
    let full = i64::try_from(entries.len()).unwrap_or(0) == PAGE;
    let word = filter.map(|action| format!("&action={action}")).unwrap_or_default();
    let older = entries.last().filter(|_| full).map(|last| format!("/audit?before={}{word}", last.position));
    render(&Audit {
        page: person.page("Audit", Nav::Audit),
        days: days(&state, &person, &entries).await?,
        filter,
        chain,
        older,
        export: format!("/api/v1/audit?limit=500{word}"),
    })
}

async fn days(state: &State, person: &Person, entries: &[AuditEntry]) -> Result<Vec<AuditDay>, Problem> {
    let mut names = Names::default();
    let mut days: Vec<(Date, AuditDay)> = Vec::new();
    for entry in entries {
        let sentence = names.sentence(state, person, entry).await?;
        let line = AuditLine { at: Moment::clock(entry.at, &person.zone), sentence };
        let day = entry.at.to_zoned(person.zone.clone()).date();
        match days.last_mut() {
            Some((last, same)) if *last == day => same.lines.push(line),
            _ => days.push((day, AuditDay { day: heading(day, person.today()), lines: vec![line] })),
        }
    }
    Ok(days.into_iter().map(|(_, day)| day).collect())
}

/// Who acted, as the reader knows them, each looked up once.
#[derive(Default)]
pub(super) struct Names(HashMap<(String, Option<String>), Who>);

impl Names {
    /// An entry in a sentence. A token that was used is the one who acted: its name is said once.
    pub(super) async fn sentence(
        &mut self,
        state: &State,
        person: &Person,
        entry: &AuditEntry,
    ) -> Result<String, Problem> {
        let key = (entry.actor.clone(), entry.actor_id.clone());
        if !self.0.contains_key(&key) {
            self.0.insert(key.clone(), who(state, person, entry).await?);
        }
        let detail = entry.detail.as_deref().filter(|_| entry.action != Action::TokenUsed);
        Ok(self.0[&key].did(entry.action, detail))
    }
}

fn heading(day: Date, today: Date) -> String {
    let format = if day.year() == today.year() { "%A %-d %B" } else { "%A %-d %B %Y" };
    day.strftime(format).to_string()
}

/// Who acted, as the reader knows them.
async fn who(state: &State, person: &Person, entry: &AuditEntry) -> Result<Who, Problem> {
    let id = entry.actor_id.as_deref().unwrap_or_default();
    Ok(match entry.actor.as_str() {
        "user" if id == person.user.id.to_string() => Who::You,
        "user" => match state.engine.find_user(id).await?.and_then(|user| user.email) {
            Some(email) => Who::Person(email),
            None => Who::Somebody,
        },
        "token" => Who::Agent(token_name(state, id).await?.unwrap_or_else(|| "an agent of old".to_owned())),
        "link" => Who::Guest,
        "system" => Who::Server,
        "operator" => Who::Operator,
        _ => Who::Somebody,
    })
}

async fn token_name(state: &State, id: &str) -> Result<Option<String>, Problem> {
    match id.parse() {
        Ok(id) => Ok(state.reader.read().await?.token_name(id).await?),
        Err(_) => Ok(None),
    }
}

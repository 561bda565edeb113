//! Addresses that a person has their events sent to.

use axum::{
    extract::{Path, State as Extract},
    http::StatusCode,
    response::IntoResponse,
};
use engine::{NewWebhook, Webhook, WebhookAttempt, WebhookChange};
use model::{Audience, SinkId, SinkReason, SinkState};
use serde::Deserialize;

use super::{
    Answer, Fields, Person, go_on, render,
    words::{count, sentence},
};
use crate::{
    State,
    extract::Query,
    problem::{Problem, ProblemId},
    views::{AttemptLine, Nav, NewSecret, Page, Tone, WebhookForm, WebhookRow, Webhooks},
};

const ATTEMPTS: i64 = 8;

/// What just happened.
#[derive(Deserialize)]
pub(crate) struct Happened {
    saved: Option<String>,
    /// What came of a test: how many milliseconds it took, or the status of the answer.
    taken: Option<u32>,
    refused: Option<String>,
}

/// Shows the webhooks.
pub(crate) async fn show(Extract(state): Extract<State>, person: Person, Query(happened): Query<Happened>) -> Answer {
    let page = noticing(person.page("Webhooks", Nav::Agents), &happened);
    render(&view(&state, &person, page, WebhookForm::default(), None).await?)
}

/// Makes a webhook, and shows its secret this once.
pub(crate) async fn create(Extract(state): Extract<State>, person: Person, fields: Fields) -> Answer {
    let new = NewWebhook {
        name: fields.text("name").to_owned(),
        url: fields.text("url").to_owned(),
        ..NewWebhook::default()
    };
    let page = person.page("Webhooks", Nav::Agents);
    match state.engine.create_webhook(&person.actor(), Audience::Person(person.user.id), &new).await {
        Ok((made, secret)) => {
            let created = NewSecret { name: made.name, secret, rotated: false };
            let view = view(&state, &person, page, WebhookForm::default(), Some(created)).await?;
            Ok((StatusCode::CREATED, render(&view)?).into_response())
        }
        Err(engine::Error::Invalid { field, why }) => {
            let problem = Some(sentence(&format!("{field} {why}")));
            let form = WebhookForm { name: new.name, url: new.url, problem };
            let view = view(&state, &person, page, form, None).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&view)?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// Sends a message that tells of nothing, to see whether it arrives.
pub(crate) async fn test(Extract(state): Extract<State>, person: Person, Path(id): Path<String>) -> Answer {
    let tested = state.engine.test_webhook(Audience::Person(person.user.id), read_id(&id)?).await?;
    match (tested.taken, tested.status) {
        (true, _) => go_on(&format!("/agents/webhooks?taken={}", tested.millis)),
        (false, Some(status)) => go_on(&format!("/agents/webhooks?refused={status}")),
        (false, None) => go_on("/agents/webhooks?refused=unreachable"),
    }
}

/// Pauses a webhook, or lets it go on.
pub(crate) async fn change(
    Extract(state): Extract<State>,
    person: Person,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let to = fields.text("state").parse().map_err(|_| Problem::invalid("state", "is active or disabled"))?;
    let change = WebhookChange { state: Some(to), ..WebhookChange::default() };
    let audience = Audience::Person(person.user.id);
    state.engine.change_webhook(&person.actor(), audience, read_id(&id)?, &change).await?;
    go_on("/agents/webhooks?saved=state")
}

/// Gives a webhook a new secret, and shows it this once.
pub(crate) async fn rotate(Extract(state): Extract<State>, person: Person, Path(id): Path<String>) -> Answer {
    let audience = Audience::Person(person.user.id);
    let (webhook, secret) = state.engine.rotate_webhook(&person.actor(), audience, read_id(&id)?).await?;
    let created = NewSecret { name: webhook.name, secret, rotated: true };
    let page = person.page("Webhooks", Nav::Agents);
    render(&view(&state, &person, page, WebhookForm::default(), Some(created)).await?)
}

/// Deletes a webhook.
pub(crate) async fn delete(
    Extract(state): Extract<State>,
    person: Person,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    fields.require_yes()?;
    state.engine.delete_webhook(&person.actor(), Audience::Person(person.user.id), read_id(&id)?).await?;
    go_on("/agents/webhooks?saved=deleted")
}

fn read_id(text: &str) -> Result<SinkId, Problem> {
    text.parse().map_err(|_| ProblemId::NotFound.because("there is no such webhook"))
}

fn noticing(page: Page, happened: &Happened) -> Page {
    match (happened.saved.as_deref(), happened.taken, happened.refused.as_deref()) {
        (Some("deleted"), ..) => page.with(Tone::Good, "Deleted: nothing more is sent there."),
        (Some(_), ..) => page.with(Tone::Good, "Saved."),
        (_, Some(millis), _) => page.with(Tone::Good, format!("The test arrived, in {millis} ms.")),
        (.., Some("unreachable")) => page.with(Tone::Bad, "The test did not arrive: nobody could be reached there."),
        (.., Some(status)) if status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit()) => {
            page.with(Tone::Bad, format!("The test was not taken: the answer was {status}."))
        }
        _ => page,
    }
}

async fn view(
    state: &State,
    person: &Person,
    page: Page,
    form: WebhookForm,
    created: Option<NewSecret>,
) -> Result<Webhooks, Problem> {
    let audience = Audience::Person(person.user.id);
    let mut rows = Vec::new();
    for webhook in state.engine.webhooks(audience).await? {
        let attempts = state.engine.webhook_attempts(audience, webhook.id, ATTEMPTS).await?;
        rows.push(row(person, webhook, &attempts));
    }
    Ok(Webhooks { page, rows, created, form })
}

fn row(person: &Person, webhook: Webhook, attempts: &[WebhookAttempt]) -> WebhookRow {
    let (mark, words) = standing(person, &webhook);
    WebhookRow {
        id: webhook.id,
        what: what(&webhook),
        mark,
        words,
        active: webhook.state == SinkState::Active,
        attempts: attempts.iter().map(|attempt| line(person, attempt)).collect(),
        name: webhook.name,
        url: webhook.url,
    }
}

fn what(webhook: &Webhook) -> String {
    if webhook.kinds.is_empty() {
        return "everything that you share".to_owned();
    }
    webhook.kinds.iter().map(|kind| kind.label()).collect::<Vec<_>>().join(", ")
}

fn standing(person: &Person, webhook: &Webhook) -> (&'static str, String) {
    let behind = match webhook.lag {
        0 => String::new(),
        lag => format!(", {} to go", count(lag, "event", "events")),
    };
    match (webhook.state, webhook.reason, webhook.failing_since, webhook.last_success_at) {
        (SinkState::Disabled, Some(SinkReason::Gone), ..) => ("trouble", "Off: it answered that it is gone".to_owned()),
        (SinkState::Disabled, Some(SinkReason::Failing), ..) => ("trouble", "Off: nothing arrived for days".to_owned()),
        (SinkState::Disabled, Some(SinkReason::TokenEnded), ..) => {
            ("trouble", "Off: the token that made it has ended".to_owned())
        }
        (SinkState::Disabled, ..) => ("none", format!("Paused{behind}")),
        (_, _, Some(since), _) => ("partial", format!("Failing, since {}{behind}", person.moment(since).words)),
        (.., Some(last)) => ("active", format!("Last delivered {}{behind}", person.moment(last).words)),
        _ => ("active", format!("On; nothing delivered yet{behind}")),
    }
}

fn line(person: &Person, attempt: &WebhookAttempt) -> AttemptLine {
    let words = match (&attempt.error, attempt.status) {
        (None, _) => format!("delivered in {} ms", attempt.millis),
        (Some(error), _) => error.clone(),
    };
    AttemptLine { at: person.moment(attempt.at), words, failed: attempt.error.is_some() }
}

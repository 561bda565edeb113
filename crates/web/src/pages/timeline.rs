//! What happened, in words.

use engine::{Changed, Happening, Heard, Synced, TimelineQuery, What};
use jiff::Timestamp;
use model::NoticeState;

use super::{
    Person,
    audit::Names,
    provider_name,
    words::{count, sentence, span},
};
use crate::{State, problem::Problem, views::Line};

/// What happened to a person's data, the newest first, and the instant to go on before.
pub(super) async fn lines(
    state: &State,
    person: &Person,
    wanted: &TimelineQuery,
) -> Result<(Vec<Line>, Option<Timestamp>), Problem> {
    let (happenings, next) = state.engine.timeline(person.user.id, wanted).await?;
    let mut names = Names::default();
    let mut lines = Vec::with_capacity(happenings.len());
    for happening in happenings {
        lines.push(line(state, person, &mut names, happening).await?);
    }
    Ok((lines, next))
}

async fn line(state: &State, person: &Person, names: &mut Names, happening: Happening) -> Result<Line, Problem> {
    let at = person.instant(happening.at);
    let name = |id: &str| provider_name(state, id).unwrap_or_else(|| id.to_owned());
    Ok(match happening.what {
        What::Changed(changed) => {
            let aside = about(&changed, &name(&changed.provider));
            Line {
                at,
                text: capital(&format!("{} {}", changed.kind.label(), changed.change_type)),
                aside,
                trouble: false,
            }
        }
        What::Heard { newest, times } => {
            let (text, aside) = heard(&newest, times, &name(&newest.provider));
            Line { at, text, aside, trouble: newest.state == NoticeState::Dead }
        }
        What::Synced(synced) => {
            let (text, trouble) = told(&synced, &name(&synced.provider));
            let records = i64::try_from(synced.records).unwrap_or(i64::MAX);
            Line { at, text, aside: count(records, "record", "records"), trouble }
        }
        What::Did(entry) => {
            let text = names.sentence(state, person, &entry).await?;
            Line { at, text, aside: String::new(), trouble: entry.action == model::Action::NeedsConsent }
        }
    })
}

fn about(changed: &Changed, provider: &str) -> String {
    match (changed.records, changed.day) {
        (1, Some(day)) => format!("{provider} · {}", span(day, day)),
        (1, None) => provider.to_owned(),
        (records, _) => format!("{provider} · {records} records"),
    }
}

fn heard(notice: &Heard, times: usize, provider: &str) -> (String, String) {
    let often = if times > 1 { format!(", {times} times") } else { String::new() };
    let text = format!("{provider} told of {}{often}", notice.collection.replace('_', " "));
    let aside = match (notice.state, notice.settled_at) {
        (NoticeState::Applied, Some(at)) => {
            format!("applied in {} ms", at.duration_since(notice.received_at).as_millis())
        }
        (NoticeState::Waiting, _) => {
            notice.why.clone().map_or("being fetched".to_owned(), |why| format!("waits: {why}"))
        }
        (state, _) => notice.why.clone().unwrap_or_else(|| state.to_string()),
    };
    (text, aside)
}

fn told(synced: &Synced, provider: &str) -> (String, bool) {
    let what = match synced.cause {
        "connected" => format!("The first sync of {provider}"),
        "asked" => format!("The sync of {provider} that was asked for"),
        _ => format!("The regular sync of {provider}"),
    };
    match &synced.error {
        None => (format!("{what} is done"), false),
        Some(error) => (sentence(&format!("{what} failed: {error}")), true),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

//! How one provider fares, as a row of the page of connections, with all that unfolds.

use std::collections::BTreeMap;

use engine::{Configured, JobReport, Status};
use jiff::civil::Date;
use model::{Reason, Window};

use super::{
    Person,
    progress::under_way,
    words::{count, span, thousands},
};
use crate::views::{CollectionRow, ConsentGiven, Details, HearingLine, Loss, ProviderRow, Standing, SyncRun, Way};

/// A provider and how it fares.
pub(super) fn row(person: &Person, configured: &Configured, status: &Status) -> ProviderRow {
    let manifest = configured.manifest();
    let labels = &manifest.oauth.scope_labels;
    let in_words = |scope: &String| labels.get(scope).unwrap_or(scope).clone();
    let standing = match status.state {
        "active" => Standing::Active { synced: status.last_sync_at.map(|at| person.moment(at)) },
        "needs_consent" => {
            let since = status.state_since.unwrap_or(person.now);
            Standing::NeedsConsent { since: person.moment(since), reason: status.reason.unwrap_or(Reason::Refused) }
        }
        _ => Standing::NotConnected,
    };
    let details = status.connection_id.map(|_| Details {
        granted: status.scopes_granted.iter().flatten().map(in_words).collect(),
        collections: collections(configured, status),
        history: status.syncs.iter().filter_map(|job| run(person, job)).collect(),
        consent: consent(person, status),
        account_page: manifest.account_page.as_ref().map(|url| Way::new(url.as_str(), host(url))),
        loss: loss(status),
    });
    ProviderRow {
        id: manifest.id.clone(),
        name: manifest.name.clone(),
        about: manifest.about.clone(),
        standing,
        account: status.account.as_ref().map(|account| account.label.clone().unwrap_or_else(|| account.id.clone())),
        missing: status.scopes_missing.iter().map(in_words).collect(),
        hearing: hearing(person, status),
        progress: under_way(status, "/connections"),
        details,
    }
}

/// How it learns of what is new, once it is connected.
fn hearing(person: &Person, status: &Status) -> Option<HearingLine> {
    let hearing = status.listening.as_ref().filter(|_| status.connected)?;
    let last = hearing.last_notice_at.map(|at| person.moment(at));
    Some(HearingLine { words: hearing.words.clone(), last, silent: hearing.silent_since.is_some() })
}

/// What erasing would destroy.
pub(super) fn loss(status: &Status) -> Loss {
    let from = status.coverage.values().filter_map(|collection| collection.from).min();
    let to = status.coverage.values().filter_map(|collection| collection.to).max();
    let records = thousands(status.counts.values().sum());
    Loss { records, span: from.zip(to).map(|(from, to)| span(from, to)) }
}

fn host(url: &url::Url) -> String {
    url.host_str().unwrap_or_else(|| url.as_str()).to_owned()
}

fn collections(configured: &Configured, status: &Status) -> Vec<CollectionRow> {
    let agreed = |kind| status.consent.as_ref().is_none_or(|consent| consent.kinds.contains(&kind));
    let collections = configured.manifest().collections.iter().filter(|collection| agreed(collection.kind));
    collections
        .map(|collection| {
            let fetched = status.coverage.get(&collection.id);
            let covered: Option<(Date, Date)> = fetched.and_then(|fetched| fetched.from.zip(fetched.to));
            let gap = |gap: &Window| span(gap.from, gap.to);
            CollectionRow {
                kind: collection.kind,
                collection: collection.id.clone(),
                count: thousands(status.counts.get(&collection.id).copied().unwrap_or(0)),
                covered: covered.map(|(from, to)| span(from, to)),
                gaps: fetched.into_iter().flat_map(|fetched| fetched.gaps.iter().map(gap)).collect(),
                error: fetched.and_then(|fetched| match &fetched.missing_scope {
                    Some(_) => Some("not granted".to_owned()),
                    None => fetched.last_error.clone(),
                }),
            }
        })
        .collect()
}

/// A sync that has ended.
fn run(person: &Person, job: &JobReport) -> Option<SyncRun> {
    let ended = job.finished_at?;
    let cause = match job.cause {
        "connected" => "First sync",
        "scheduled" => "Scheduled",
        _ => "Asked for",
    };
    let (result, failed) = match &job.outcome {
        Some(outcome) => (brought(&outcome.synced.counts, outcome.synced.errors.len()), !outcome.success),
        None => (job.error.clone().unwrap_or_else(|| "failed".to_owned()), true),
    };
    Some(SyncRun { at: person.moment(ended), cause: cause.to_owned(), result, failed })
}

fn brought(counts: &BTreeMap<String, usize>, errors: usize) -> String {
    let records = i64::try_from(counts.values().sum::<usize>()).unwrap_or(i64::MAX);
    let read = format!("{} read", count(records, "record", "records"));
    match i64::try_from(errors).unwrap_or(i64::MAX) {
        0 => read,
        errors => format!("{read}, {} failed", count(errors, "kind", "kinds")),
    }
}

fn consent(person: &Person, status: &Status) -> Option<ConsentGiven> {
    let consent = status.consent.as_ref()?;
    Some(ConsentGiven {
        kinds: consent.kinds.iter().copied().collect(),
        purpose: consent.purpose.clone(),
        version: consent.version.clone(),
        at: person.moment(consent.given_at),
    })
}

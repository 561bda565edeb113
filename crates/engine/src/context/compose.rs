//! Puts the sections together and says plainly what is stale, partial or missing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model::{Sharing, Topic};

use super::{
    Context, Freshness, Material, Missing, Section, Source,
    reports::Reports,
    sections::{self, TOLD},
    words,
};

/// A sync runs every four hours: after twelve, three of them have failed.
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(12);

/// What an agent is told, as far as it is shared; `None` when there is nothing to say.
pub fn compose(material: &Material, sharing: &Sharing) -> Option<Context> {
    let reports = Reports::new(material, sharing);
    let mut sections = sections::all(&reports, sharing);
    // Age and height alone are no news of anybody's health.
    if sections.iter().all(|section| section.topic == Topic::Body) {
        return None;
    }
    let contributors = contributors(&reports, &sections);
    let names: Vec<_> = contributors.iter().map(|(name, _)| *name).collect();
    let synced_at = contributors.iter().map(|(_, synced_at)| *synced_at).min()?;
    if names.len() > 1 {
        sections.iter_mut().for_each(say_source);
    }
    let stale = stale_notes(material.now, &contributors);
    let missing = missing(material, sharing);
    Some(Context {
        title: format!("Health Data from {} (synced {})", words::list(&names), words::ago(material.now, synced_at)),
        synced_at,
        partial: !missing.is_empty() || sections.iter().any(|section| section.partial),
        stale: !stale.is_empty() || sections.iter().any(is_old),
        notes: stale.into_iter().chain(consent_notes(material, sharing, &missing)).collect(),
        missing,
        sections,
    })
}

/// The sources that something is told from, with their last sync, in the order in which they are told.
fn contributors<'a>(reports: &'a Reports<'_>, sections: &[Section]) -> Vec<(&'a str, Timestamp)> {
    let synced: BTreeMap<_, _> = reports.sources().collect();
    let mut contributors: Vec<(&str, Timestamp)> = Vec::new();
    for line in sections.iter().flat_map(|section| &section.lines) {
        if let Some((&name, &synced_at)) = synced.get_key_value(line.source.as_str())
            && !contributors.iter().any(|(known, _)| *known == name)
        {
            contributors.push((name, synced_at));
        }
    }
    contributors
}

/// Names where a section comes from, for where there are several sources.
fn say_source(section: &mut Section) {
    let mut names: Vec<&str> = Vec::new();
    for line in &section.lines {
        if !names.contains(&line.source.as_str()) {
            names.push(&line.source);
        }
    }
    section.notes.insert(0, format!("From {}.", words::list(&names)));
}

fn stale_notes(now: Timestamp, contributors: &[(&str, Timestamp)]) -> Vec<String> {
    let stale = contributors.iter().filter(|(_, synced_at)| now.duration_since(*synced_at) > STALE_AFTER);
    let say = |(name, synced_at): &(&str, Timestamp)| {
        let ago = words::ago(now, *synced_at);
        match contributors.len() {
            1 => format!("Synced {ago}: this may be out of date."),
            _ => format!("{name} synced {ago}: this may be out of date."),
        }
    };
    stale.map(say).collect()
}

/// Whether a section is too old to speak of today. A body changes slowly.
fn is_old(section: &Section) -> bool {
    section.topic != Topic::Body && section.freshness == Freshness::Old
}

/// What sources do not give, of what is shared and would be told.
fn missing(material: &Material, sharing: &Sharing) -> Vec<Missing> {
    let missing = material.sources.iter().map(|source| {
        let told = TOLD.iter().copied();
        let kinds = told.filter(|kind| sharing.allows_kind(*kind) && source.missing.contains(kind)).collect();
        Missing { source: source.name.clone(), kinds }
    });
    missing.filter(|missing| !missing.kinds.is_empty()).collect()
}

/// Names the sources that need the person, among those that have something to do with what is shared.
fn consent_notes(material: &Material, sharing: &Sharing, missing: &[Missing]) -> Vec<String> {
    let concerned = |source: &&Source| {
        let shared = |kind| TOLD.contains(&kind) && sharing.allows_kind(kind);
        missing.iter().any(|missing| missing.source == source.name)
            || material.records.iter().any(|stored| stored.provider == source.provider && shared(stored.kind))
    };
    let waiting = material.sources.iter().filter(|source| !source.healthy).filter(concerned);
    waiting.map(|source| format!("{} no longer answers: reconnect it.", source.name)).collect()
}

//! What happened to a person's data: changes of records, syncs, what providers told, and what people did.

use jiff::{Timestamp, civil::Date};
use model::{Action, AuditEntry, Change, ChangeType, Connection, Kind, UserId};
use store::{ChangeFilter, Heard, Job};

use crate::{Engine, Result, sync};

/// What is told of the people and programs around a connection; the audit trail has the rest.
const TOLD: [Action; 4] = [Action::Connected, Action::Disconnected, Action::NeedsConsent, Action::RecordsPurged];
/// A first sync makes thousands of changes that become a few lines.
const CHANGES: i64 = 1_000;
/// A ring that reaches its cloud is told of in a dozen notices.
const NOTICES: i64 = 200;

/// Which happenings to read.
#[derive(Clone, Debug, Default)]
pub struct TimelineQuery {
    /// Only what happened before.
    pub before: Option<Timestamp>,
    /// Only one sort; none: all.
    pub sort: Option<Sort>,
    pub changes: ChangeFilter,
    pub limit: usize,
}

/// A sort of happening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Changes,
    Notices,
    Syncs,
    Deeds,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Happening {
    pub at: Timestamp,
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    Changed(Changed),
    /// A provider told of things of one collection within a minute.
    Heard {
        newest: Heard,
        times: usize,
    },
    Synced(Synced),
    /// Somebody did something.
    Did(AuditEntry),
}

/// Records of one kind that changed in the same way within a minute.
#[derive(Clone, Debug)]
pub struct Changed {
    pub change_type: ChangeType,
    pub kind: Kind,
    pub provider: String,
    /// The newest one's.
    pub day: Option<Date>,
    pub records: usize,
}

/// A sync that ended.
#[derive(Clone, Debug)]
pub struct Synced {
    pub provider: String,
    /// `connected` of the first sync, `scheduled` or `asked`.
    pub cause: &'static str,
    pub records: usize,
    pub error: Option<String>,
}

impl Engine {
    /// What happened to a person's data, the newest first, and the instant to go on before.
    pub async fn timeline(&self, user: UserId, wanted: &TimelineQuery) -> Result<(Vec<Happening>, Option<Timestamp>)> {
        let before = wanted.before.unwrap_or(Timestamp::MAX);
        let wants = |sort| wanted.sort.is_none_or(|only| only == sort);
        let provider = wanted.changes.provider.as_deref();
        let limit = i64::try_from(wanted.limit).unwrap_or(i64::MAX);
        let mut merged = Merged::default();
        let mut tx = self.db.read().await?;
        if wants(Sort::Changes) {
            let changes = tx.newest_changes(user, before, &wanted.changes, CHANGES).await?;
            merged.bound(changes.last().map(|change| change.at), changes.len(), CHANGES);
            merged.happened.extend(gather(&changes));
        }
        if wants(Sort::Notices) && wanted.changes.kinds.is_none() {
            let notices = tx.newest_notices(user, before, provider, NOTICES).await?;
            merged.bound(notices.last().map(|told| told.received_at), notices.len(), NOTICES);
            merged.happened.extend(gather_notices(notices));
        }
        if wants(Sort::Syncs) && wanted.changes.kinds.is_none() {
            let jobs = tx.newest_syncs(user, before, provider, limit).await?;
            merged.bound(jobs.last().and_then(|job| job.finished_at), jobs.len(), limit);
            let connections = tx.connections(user).await?;
            merged.happened.extend(jobs.into_iter().filter_map(|job| synced(job, &connections)));
        }
        if wants(Sort::Deeds) && wanted.changes.kinds.is_none() && provider.is_none() {
            let deeds = tx.newest_deeds(user, before, &TOLD, limit).await?;
            merged.bound(deeds.last().map(|deed| deed.at), deeds.len(), limit);
            merged.happened.extend(deeds.into_iter().map(|deed| Happening { at: deed.at, what: What::Did(deed) }));
        }
        Ok(merged.newest(wanted.limit))
    }
}

/// What several sources have told, each as far back as it was asked.
#[derive(Default)]
struct Merged {
    happened: Vec<Happening>,
    /// What lies at or before this instant has not been read of every source.
    known_after: Option<Timestamp>,
}

impl Merged {
    /// A source that gave as many as it was asked for may have more.
    fn bound(&mut self, oldest: Option<Timestamp>, read: usize, limit: i64) {
        if i64::try_from(read).is_ok_and(|read| read >= limit) {
            self.known_after = self.known_after.max(oldest);
        }
    }

    fn newest(mut self, limit: usize) -> (Vec<Happening>, Option<Timestamp>) {
        self.happened.sort_by_key(|happening| std::cmp::Reverse(happening.at));
        let more = self.known_after.is_some() || self.happened.len() > limit;
        let known = |happening: &Happening| self.known_after.is_none_or(|bound| happening.at > bound);
        // All of one instant: a page that leaves some out is better than none.
        if self.happened.iter().any(known) {
            self.happened.retain(known);
        }
        self.happened.truncate(limit);
        let next = self.happened.last().map(|last| last.at).filter(|_| more);
        (self.happened, next)
    }
}

/// Changes of one kind, provider and minute become one happening.
fn gather(newest_first: &[Change]) -> Vec<Happening> {
    let mut gathered: Vec<(Timestamp, Changed)> = Vec::new();
    for change in newest_first {
        // Those of a minute lie together: a line for each kind and type of change at most.
        let mut latest = gathered.iter_mut().rev().take(3 * Kind::ALL.len());
        match latest.find(|(at, line)| line.holds(change, *at)) {
            Some((_, line)) => line.records += 1,
            None => gathered.push((change.at, Changed::of(change))),
        }
    }
    gathered.into_iter().map(|(at, line)| Happening { at, what: What::Changed(line) }).collect()
}

/// Notices of one collection, provider, minute and fate become one happening.
fn gather_notices(newest_first: Vec<Heard>) -> Vec<Happening> {
    let mut gathered: Vec<(Heard, usize)> = Vec::new();
    for notice in newest_first {
        let same = |(newest, _): &&mut (Heard, usize)| {
            newest.provider == notice.provider
                && newest.collection == notice.collection
                && newest.state == notice.state
                && minute(newest.received_at) == minute(notice.received_at)
        };
        match gathered.iter_mut().rev().find(same) {
            Some((_, times)) => *times += 1,
            None => gathered.push((notice, 1)),
        }
    }
    let happening =
        |(newest, times): (Heard, usize)| Happening { at: newest.received_at, what: What::Heard { newest, times } };
    gathered.into_iter().map(happening).collect()
}

fn minute(at: Timestamp) -> i64 {
    at.as_second() / 60
}

impl Changed {
    fn of(change: &Change) -> Self {
        Self {
            change_type: change.change_type,
            kind: change.kind,
            provider: change.provider.clone(),
            day: change.day,
            records: 1,
        }
    }

    fn holds(&self, change: &Change, newest: Timestamp) -> bool {
        self.change_type == change.change_type
            && self.kind == change.kind
            && self.provider == change.provider
            && minute(newest) == minute(change.at)
    }
}

fn synced(job: Job, connections: &[Connection]) -> Option<Happening> {
    let connection = connections.iter().find(|connection| Some(connection.id) == job.connection_id)?;
    let report = sync::report(job);
    let what = Synced {
        provider: connection.provider.clone(),
        cause: report.cause,
        records: report.synced.values().sum(),
        error: report.error,
    };
    Some(Happening { at: report.finished_at?, what: What::Synced(what) })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use model::{ConnectionId, RecordId};
    use uuid::Uuid;

    use super::*;

    fn change(kind: Kind, day: i8, second: i64) -> Change {
        Change {
            position: second,
            change_type: ChangeType::Added,
            provider: "halo".to_owned(),
            connection_id: ConnectionId(Uuid::nil()),
            record_id: RecordId(Uuid::nil()),
            kind,
            day: Some(date(2026, 1, day)),
            at: Timestamp::from_second(second).unwrap(),
        }
    }

    #[test]
    fn what_happened_at_once_is_one_line() {
        let newest_first = [
            change(Kind::Sleep, 2, 63),
            change(Kind::Sleep, 1, 62),
            change(Kind::Battery, 2, 61),
            change(Kind::Sleep, 3, 50),
        ];
        let lines = gather(&newest_first).into_iter().map(|happening| match happening.what {
            What::Changed(line) => (line.kind, line.records),
            other => panic!("{other:?}"),
        });
        assert_eq!(lines.collect::<Vec<_>>(), [(Kind::Sleep, 2), (Kind::Battery, 1), (Kind::Sleep, 1)]);
    }

    #[test]
    fn a_page_ends_where_a_source_ends() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut merged = Merged::default();
        merged.happened.extend(gather(&[change(Kind::Sleep, 2, 300), change(Kind::Sleep, 2, 100)]));
        merged.bound(Some(at(200)), 5, 5);
        merged.bound(Some(at(100)), 2, 5);
        let (page, next) = merged.newest(10);
        assert_eq!((page.len(), next), (1, Some(at(300))), "between 100 and 200 nobody knows what else happened");
    }
}

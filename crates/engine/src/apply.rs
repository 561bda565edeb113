//! The only code that changes records, and it appends to the log in the same transaction.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use model::{ChangeType, Connection, ConnectionId, Kind, Record, UserId};
use store::{Kept, NewChange, Tx, Write};

use crate::Result;

/// Where facts come from.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) user: UserId,
    pub(crate) connection: ConnectionId,
    pub(crate) provider: &'a str,
    pub(crate) collection: &'a str,
    /// Taken before the fetch that brought them.
    pub(crate) generation: i64,
    pub(crate) now: Timestamp,
}

impl<'a> Origin<'a> {
    pub(crate) fn new(connection: &'a Connection, collection: &'a str, generation: i64, now: Timestamp) -> Self {
        Self {
            user: connection.user_id,
            connection: connection.id,
            provider: &connection.provider,
            collection,
            generation,
            now,
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) added: usize,
    pub(crate) revised: usize,
    pub(crate) removed: usize,
}

/// Applies what a fetch brought: records, and what it says is gone. What an older fetch brings is ignored.
pub(crate) async fn apply(
    tx: &mut Tx<Write>,
    origin: Origin<'_>,
    records: Vec<Record>,
    gone: &[(Kind, String)],
) -> Result<Applied> {
    tx.lock_log(origin.user).await?;
    let mut changes = Vec::new();
    for record in records {
        changes.extend(put(tx, origin, record).await?);
    }
    for (kind, provider_id) in gone {
        changes.extend(bury(tx, origin, *kind, provider_id).await?);
    }
    finish(tx, origin, &changes).await
}

/// Puts what raw pages say in the place of what was made of them before, without merging the two.
pub(crate) async fn replace(
    tx: &mut Tx<Write>,
    origin: Origin<'_>,
    record: Option<Record>,
    gone: &[(Kind, String)],
) -> Result<Applied> {
    let mut changes = Vec::new();
    if let Some(record) = record {
        let kept = tx.find_kept(origin.user, origin.connection, record.kind(), &record.provider_id).await?;
        changes.push(write(tx, origin, kept.as_ref(), &record).await?);
    }
    for (kind, provider_id) in gone {
        changes.extend(bury(tx, origin, *kind, provider_id).await?);
    }
    finish(tx, origin, &changes).await
}

/// Erases all records of a connection; readers of the log learn of each.
pub(crate) async fn erase(tx: &mut Tx<Write>, origin: Origin<'_>) -> Result<Applied> {
    tx.lock_log(origin.user).await?;
    let changes = tx.delete_records(origin.user, origin.connection).await?;
    tx.delete_pages(origin.user, origin.connection).await?;
    finish(tx, origin, &changes).await
}

async fn put(tx: &mut Tx<Write>, origin: Origin<'_>, record: Record) -> Result<Option<NewChange>> {
    let kept = tx.find_kept(origin.user, origin.connection, record.kind(), &record.provider_id).await?;
    if kept.as_ref().is_some_and(|kept| kept.generation > origin.generation) {
        return Ok(None);
    }
    let record = match kept.as_ref().and_then(|kept| kept.record.as_ref()) {
        Some(before) => Record { body: record.body.after(&before.body), ..record },
        None => record,
    };
    if let Some(kept) = kept.as_ref().filter(|kept| kept.record.as_ref() == Some(&record)) {
        tx.mark_seen(origin.user, kept.id, origin.generation).await?;
        return Ok(None);
    }
    write(tx, origin, kept.as_ref(), &record).await.map(Some)
}

async fn write(tx: &mut Tx<Write>, origin: Origin<'_>, kept: Option<&Kept>, record: &Record) -> Result<NewChange> {
    let Origin { user, connection, collection, generation, now, .. } = origin;
    let record_id = tx.put_record(user, connection, collection, kept, record, generation, now).await?;
    let change_type = match kept {
        Some(Kept { removed: false, .. }) => ChangeType::Revised,
        _ => ChangeType::Added,
    };
    Ok(NewChange { change_type, record_id, kind: record.kind(), day: record.day })
}

async fn bury(tx: &mut Tx<Write>, origin: Origin<'_>, kind: Kind, provider_id: &str) -> Result<Option<NewChange>> {
    let Origin { user, connection, collection, generation, now, .. } = origin;
    let Some(kept) = tx.find_kept(user, connection, kind, provider_id).await? else {
        tx.put_tombstone(user, connection, collection, kind, provider_id, generation, now).await?;
        return Ok(None);
    };
    if kept.generation > generation {
        return Ok(None);
    }
    if kept.removed {
        tx.mark_seen(user, kept.id, generation).await?;
        return Ok(None);
    }
    tx.bury_record(user, kept.id, generation, now).await?;
    let day = kept.record.as_ref().and_then(|record| record.day);
    Ok(Some(NewChange { change_type: ChangeType::Removed, record_id: kept.id, kind, day }))
}

async fn finish(tx: &mut Tx<Write>, origin: Origin<'_>, changes: &[NewChange]) -> Result<Applied> {
    if !changes.is_empty() {
        tx.append_changes(origin.user, origin.provider, origin.connection, changes, origin.now).await?;
    }
    let count = |wanted| changes.iter().filter(|change| change.change_type == wanted).count();
    Ok(Applied {
        added: count(ChangeType::Added),
        revised: count(ChangeType::Revised),
        removed: count(ChangeType::Removed),
    })
}

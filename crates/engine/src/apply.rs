//! The only code that changes records, and it appends to the log in the same transaction.

mod fold;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};
use model::{ChangeType, Connection, ConnectionId, Kind, Record, RecordId, UserId};
use providers::Mapped;
use store::{Kept, NewChange, Put, Tx, Write};

use crate::{Result, export};

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

/// A natural key within a connection.
type Key = (Kind, String);

/// Keeps a page raw and applies what it says; the page is kept as long as a record of which it tells. Of one that tells
/// of what is older than records are kept, nothing is kept but of which others it tells.
pub(crate) async fn take(tx: &mut Tx<Write>, origin: Origin<'_>, body: &[u8], mapped: Mapped) -> Result<Applied> {
    let Origin { user, connection, collection, generation, now, .. } = origin;
    let keep_from = tx.lock_records(user).await?;
    let page = tx.keep_page(user, connection, collection, generation, now, body).await?;
    let (kept, old): (Vec<_>, Vec<_>) = mapped.records.into_iter().partition(|it| is_kept(it.day, keep_from));
    if !old.is_empty() {
        tx.empty_page(user, page).await?;
    }
    let keys: Vec<_> = kept.iter().map(key).collect();
    let applied = apply_kept(tx, origin, kept, &mapped.gone).await?;
    tx.link_page(user, connection, page, &keys, mapped.skipped.len()).await?;
    Ok(applied)
}

/// Applies what a fetch brought: records, and what it says is gone. What an older fetch brings is ignored, and so is
/// what is older than the person's records are kept.
pub(crate) async fn apply(
    tx: &mut Tx<Write>,
    origin: Origin<'_>,
    mut records: Vec<Record>,
    gone: &[Key],
) -> Result<Applied> {
    let keep_from = tx.lock_records(origin.user).await?;
    records.retain(|record| is_kept(record.day, keep_from));
    apply_kept(tx, origin, records, gone).await
}

/// Applies what is not too old; the records are locked.
async fn apply_kept(tx: &mut Tx<Write>, origin: Origin<'_>, records: Vec<Record>, gone: &[Key]) -> Result<Applied> {
    let (mut records, gone) = fold::fold(records, gone);
    let keys: Vec<_> = records.iter().map(key).chain(gone.iter().cloned()).collect();
    let kept = tx.find_kept(origin.user, origin.connection, &keys).await?;
    let is_newer = |key: &Key| kept.get(key).is_none_or(|kept| kept.generation <= origin.generation);
    records.retain(|record| is_newer(&key(record)));
    let gone: Vec<_> = gone.into_iter().filter(is_newer).collect();
    let mut changes = put(tx, origin, &kept, merged(&kept, records)).await?;
    changes.extend(bury(tx, origin, &kept, gone).await?);
    finish(tx, origin, &changes).await
}

/// Puts what raw pages say in the place of what was made of them before, without merging the two.
pub(crate) async fn replace(
    tx: &mut Tx<Write>,
    origin: Origin<'_>,
    record: Option<Record>,
    gone: &[Key],
) -> Result<Applied> {
    let keys: Vec<_> = record.iter().map(key).chain(gone.iter().cloned()).collect();
    let kept = tx.find_kept(origin.user, origin.connection, &keys).await?;
    let records: Vec<_> = record.into_iter().collect();
    let mut changes = write(tx, origin, &kept, &records).await?;
    changes.extend(bury(tx, origin, &kept, gone.to_vec()).await?);
    finish(tx, origin, &changes).await
}

/// Erases all records of a connection; readers of the log learn of each.
pub(crate) async fn erase(tx: &mut Tx<Write>, origin: Origin<'_>) -> Result<Applied> {
    tx.lock_log(origin.user).await?;
    let changes = tx.delete_records(origin.user, origin.connection).await?;
    tx.delete_pages(origin.user, origin.connection).await?;
    finish(tx, origin, &changes).await
}

/// Removes some of a person's records because they are older than those are kept, and the raw pages that hold them; says
/// how many.
pub(crate) async fn purge(tx: &mut Tx<Write>, user: UserId, limit: i64, now: Timestamp) -> Result<usize> {
    let Some(before) = tx.lock_records(user).await? else { return Ok(0) };
    let purged = tx.purge_records(user, before, limit, now).await?;
    let ids: Vec<_> = purged.iter().map(|(_, change)| change.record_id).collect();
    tx.empty_pages_of(user, &ids).await?;
    for of_connection in purged.chunk_by(|(one, _), (other, _)| one == other) {
        let connection = tx.connection(user, of_connection[0].0).await?;
        let changes: Vec<_> = of_connection.iter().map(|(_, change)| change.clone()).collect();
        finish(tx, Origin::new(&connection, "", 0, now), &changes).await?;
    }
    Ok(purged.len())
}

/// Whether a record of a day is kept. One without a day tells how things stand, and never grows old.
pub(crate) fn is_kept(day: Option<Date>, keep_from: Option<Date>) -> bool {
    day.zip(keep_from).is_none_or(|(day, from)| day >= from)
}

fn key(record: &Record) -> Key {
    (record.kind(), record.provider_id.clone())
}

/// What records say in addition to what is kept of them.
fn merged(kept: &HashMap<Key, Kept>, records: Vec<Record>) -> Vec<Record> {
    let before = |record: &Record| kept.get(&key(record)).and_then(|kept| kept.record.as_ref());
    let merge = |record: Record| match before(&record) {
        Some(before) => Record { body: record.body.after(&before.body), ..record },
        None => record,
    };
    records.into_iter().map(merge).collect()
}

/// Writes the records that differ from what is kept; the others were only seen again.
async fn put(
    tx: &mut Tx<Write>,
    origin: Origin<'_>,
    kept: &HashMap<Key, Kept>,
    records: Vec<Record>,
) -> Result<Vec<NewChange>> {
    let is_same = |record: &Record| kept.get(&key(record)).is_some_and(|kept| kept.record.as_ref() == Some(record));
    let (same, other): (Vec<_>, Vec<_>) = records.into_iter().partition(is_same);
    let seen: Vec<_> = same.iter().filter_map(|record| Some(kept.get(&key(record))?.id)).collect();
    tx.mark_seen(origin.user, &seen, origin.generation).await?;
    write(tx, origin, kept, &other).await
}

async fn write(
    tx: &mut Tx<Write>,
    origin: Origin<'_>,
    kept: &HashMap<Key, Kept>,
    records: &[Record],
) -> Result<Vec<NewChange>> {
    let Origin { user, connection, collection, generation, now, .. } = origin;
    let puts: Vec<_> = records.iter().map(|record| Put { kept: kept.get(&key(record)), record }).collect();
    let ids = tx.put_records(user, connection, collection, &puts, generation, now).await?;
    let told = puts.iter().zip(ids).map(|(put, record_id)| {
        let change_type = match put.kept {
            Some(Kept { removed: false, .. }) => ChangeType::Revised,
            _ => ChangeType::Added,
        };
        NewChange { change_type, record_id, kind: put.record.kind(), day: put.record.day }
    });
    Ok(told.collect())
}

/// Leaves tombstones: of what is here, of what is gone already, and of what was never here.
async fn bury(
    tx: &mut Tx<Write>,
    origin: Origin<'_>,
    kept: &HashMap<Key, Kept>,
    gone: Vec<Key>,
) -> Result<Vec<NewChange>> {
    let Origin { user, connection, collection, generation, now, .. } = origin;
    let (known, unknown): (Vec<_>, Vec<_>) = gone.into_iter().partition(|key| kept.contains_key(key));
    let known = known.iter().map(|key| (key.0, &kept[key]));
    let (buried, living): (Vec<_>, Vec<_>) = known.partition(|(_, kept)| kept.removed);
    let ids = |kept: &[(Kind, &Kept)]| kept.iter().map(|(_, kept)| kept.id).collect::<Vec<RecordId>>();
    tx.put_tombstones(user, connection, collection, &unknown, generation, now).await?;
    tx.mark_seen(user, &ids(&buried), generation).await?;
    tx.bury_records(user, &ids(&living), generation, now).await?;
    let told = living.into_iter().map(|(kind, kept)| NewChange {
        change_type: ChangeType::Removed,
        record_id: kept.id,
        kind,
        day: kept.record.as_ref().and_then(|record| record.day),
    });
    Ok(told.collect())
}

async fn finish(tx: &mut Tx<Write>, origin: Origin<'_>, changes: &[NewChange]) -> Result<Applied> {
    if !changes.is_empty() {
        tx.append_changes(origin.user, origin.provider, origin.connection, changes, origin.now).await?;
        export::mark(tx, origin.user, origin.now).await?;
    }
    let count = |wanted| changes.iter().filter(|change| change.change_type == wanted).count();
    Ok(Applied {
        added: count(ChangeType::Added),
        revised: count(ChangeType::Revised),
        removed: count(ChangeType::Removed),
    })
}

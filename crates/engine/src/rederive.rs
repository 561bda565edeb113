//! Maps raw pages again after a mapper changed, in the order in which they were fetched.

use std::collections::{BTreeMap, BTreeSet};

use model::{Connection, ConnectionState, Kind, PageId, Record, UserId};
use providers::Mapped;
use serde::Serialize;
use store::{Mode, RawPage, Tx};

use crate::{
    Engine, Result,
    apply::{self, Origin},
};

const PAGES_AT_ONCE: i64 = 50;

/// What mapping again would change, or has changed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Rederived {
    pub pages: usize,
    pub unchanged: usize,
    pub differences: Vec<Difference>,
    /// Records of which not every raw page is kept; they stay as they are.
    pub without_raw: Vec<(Kind, String)>,
    /// Pages that the mapper no longer reads.
    pub unreadable: usize,
    pub written: bool,
}

/// A record that would be, or was, changed. Names fields, never their values.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    pub kind: Kind,
    pub provider_id: String,
    pub day: Option<jiff::civil::Date>,
    /// `added`, `revised` or `removed`.
    pub change: &'static str,
    pub fields: Vec<String>,
}

/// A record to be changed.
struct Change {
    kind: Kind,
    provider_id: String,
    collection: String,
    generation: i64,
    /// None: it is gone.
    record: Option<Record>,
}

/// What the raw pages say.
#[derive(Default)]
struct Derived {
    /// All taken together, with their collections. None: that it is gone.
    records: BTreeMap<(Kind, String), (String, Option<Record>)>,
    /// Of what a page told that was emptied, and no later one tells all.
    lost: BTreeSet<(Kind, String)>,
    pages: Vec<Told>,
}

/// Of which records a page tells.
struct Told {
    page: PageId,
    keys: Vec<(Kind, String)>,
    skipped: usize,
}

impl Engine {
    /// Maps the raw pages of all of a person's connections again; writes only when told to.
    pub async fn rederive(&self, user: UserId, write: bool) -> Result<Rederived> {
        let mut total = Rederived { written: write, ..Rederived::default() };
        let connections = self.db.read().await?.connections(user).await?;
        for connection in connections.iter().filter(|connection| connection.state != ConnectionState::Pending) {
            if self.providers.contains_key(&connection.provider) && !connection.account.id.is_empty() {
                self.rederive_connection(connection, write, &mut total).await?;
            }
        }
        Ok(total)
    }

    async fn rederive_connection(&self, connection: &Connection, write: bool, total: &mut Rederived) -> Result<()> {
        if !write {
            let mut tx = self.db.read().await?;
            return self.compare(&mut tx, connection, total).await.map(drop);
        }
        // Pages are read under the lock: a sync that stores a newer one must not be overtaken by what is older.
        let mut tx = self.db.write().await?;
        tx.lock_log(connection.user_id).await?;
        let (changes, pages) = self.compare(&mut tx, connection, total).await?;
        for Change { kind, provider_id, collection, generation, record } in changes {
            let origin = Origin::new(connection, &collection, generation, self.clock.now());
            let gone = if record.is_none() { vec![(kind, provider_id)] } else { Vec::new() };
            apply::replace(&mut tx, origin, record, &gone).await?;
        }
        for Told { page, keys, skipped } in pages {
            tx.link_page(connection.user_id, connection.id, page, &keys, skipped).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Compares what the raw pages say with the records as they are kept.
    async fn compare<M: Mode>(
        &self,
        tx: &mut Tx<M>,
        connection: &Connection,
        total: &mut Rederived,
    ) -> Result<(Vec<Change>, Vec<Told>)> {
        let Derived { records: derived, pages, .. } = self.derive(tx, connection, total).await?;
        let (user, id) = (connection.user_id, connection.id);
        let keep_from = tx.retention(user).await?.keep_from;
        let keys = tx.natural_keys(user, id).await?;
        total.without_raw.extend(keys.into_iter().filter(|key| !derived.contains_key(key)));
        let keys: Vec<_> = derived.keys().cloned().collect();
        let kept = tx.find_kept(user, id, &keys).await?;
        let mut changes = Vec::new();
        for (key, (collection, record)) in derived {
            let kept = kept.get(&key);
            let (kind, provider_id) = key;
            // A tombstone stands: what was removed is never revived by an old page.
            if kept.is_some_and(|kept| kept.removed) || (kept.is_none() && record.is_none()) {
                continue;
            }
            if record.as_ref().is_some_and(|record| !apply::is_kept(record.day, keep_from)) {
                continue;
            }
            let before = kept.and_then(|kept| kept.record.as_ref());
            match difference(kind, &provider_id, before, record.as_ref()) {
                None => total.unchanged += 1,
                Some(difference) => {
                    total.differences.push(difference);
                    let generation = kept.map_or(0, |kept| kept.generation);
                    changes.push(Change { kind, provider_id, collection, generation, record });
                }
            }
        }
        Ok((changes, pages))
    }

    async fn derive<M: Mode>(&self, tx: &mut Tx<M>, connection: &Connection, total: &mut Rederived) -> Result<Derived> {
        let provider = self.provider(&connection.provider)?.provider.clone();
        let mut derived = Derived::default();
        let mut after = -1;
        loop {
            let pages = tx.pages(connection.user_id, connection.id, after, PAGES_AT_ONCE).await?;
            let Some(last) = pages.last() else { return Ok(derived) };
            after = last.generation;
            for page in &pages {
                let Some(body) = &page.body else {
                    derived.lose(tx.linked_to(connection.user_id, page.id).await?);
                    continue;
                };
                total.pages += 1;
                match provider.map(&page.collection, body) {
                    Ok(mapped) => derived.add(page, mapped),
                    Err(_) => total.unreadable += 1,
                }
            }
        }
    }
}

impl Derived {
    /// What a page told is not known any more, nor is what earlier ones told still true.
    fn lose(&mut self, keys: Vec<(Kind, String)>) {
        for key in keys {
            self.records.remove(&key);
            self.lost.insert(key);
        }
    }

    fn add(&mut self, page: &RawPage, mapped: Mapped) {
        let keys = mapped.records.iter().map(|record| (record.kind(), record.provider_id.clone())).collect();
        self.pages.push(Told { page: page.id, keys, skipped: mapped.skipped.len() });
        for record in mapped.records {
            let key = (record.kind(), record.provider_id.clone());
            if self.lost.contains(&key) && record.body.may_be_partial() {
                continue;
            }
            self.lost.remove(&key);
            let record = match self.records.get(&key) {
                Some((_, Some(before))) => Record { body: record.body.after(&before.body), ..record },
                _ => record,
            };
            self.records.insert(key, (page.collection.clone(), Some(record)));
        }
        for key in mapped.gone {
            self.lost.remove(&key);
            self.records.insert(key, (page.collection.clone(), None));
        }
    }
}

fn difference(kind: Kind, provider_id: &str, before: Option<&Record>, after: Option<&Record>) -> Option<Difference> {
    if before == after {
        return None;
    }
    let change = match (before, after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "revised",
    };
    let day = after.or(before).and_then(|record| record.day);
    let fields = before.zip(after).map(|(before, after)| changed_fields(before, after)).unwrap_or_default();
    Some(Difference { kind, provider_id: provider_id.to_owned(), day, change, fields })
}

fn changed_fields(before: &Record, after: &Record) -> Vec<String> {
    let (before, after) = (serde_json::to_value(before), serde_json::to_value(after));
    let (Ok(before), Ok(after)) = (before, after) else { return Vec::new() };
    let mut fields = Vec::new();
    compare("", &before, &after, &mut fields);
    fields
}

fn compare(path: &str, before: &serde_json::Value, after: &serde_json::Value, fields: &mut Vec<String>) {
    if before == after {
        return;
    }
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        fields.push(path.trim_start_matches('.').to_owned());
        return;
    };
    for key in old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))) {
        let null = serde_json::Value::Null;
        compare(&format!("{path}.{key}"), old.get(key).unwrap_or(&null), new.get(key).unwrap_or(&null), fields);
    }
}

//! Maps raw pages again after a mapper changed, in the order in which they were fetched.

use std::collections::BTreeMap;

use model::{Connection, ConnectionState, Kind, Record, UserId};
use serde::Serialize;

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
    /// Records of which no raw page is kept; they stay as they are.
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

/// What the raw pages say, all taken together. None: that it is gone.
type Derived = BTreeMap<(Kind, String), (String, Option<Record>)>;

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
        let derived = self.derive(connection, total).await?;
        let (user, id) = (connection.user_id, connection.id);
        let mut tx = self.db.write().await?;
        tx.lock_log(user).await?;
        for key in tx.natural_keys(user, id).await? {
            if !derived.contains_key(&key) {
                total.without_raw.push(key);
            }
        }
        for ((kind, provider_id), (collection, record)) in derived {
            let kept = tx.find_kept(user, id, kind, &provider_id).await?;
            // A tombstone stands: what was removed is never revived by an old page.
            if kept.as_ref().is_some_and(|kept| kept.removed) || (kept.is_none() && record.is_none()) {
                continue;
            }
            let before = kept.as_ref().and_then(|kept| kept.record.as_ref());
            let Some(difference) = difference(kind, &provider_id, before, record.as_ref()) else {
                total.unchanged += 1;
                continue;
            };
            total.differences.push(difference);
            if write {
                let generation = kept.map_or(0, |kept| kept.generation);
                let origin = Origin::new(connection, &collection, generation, self.clock.now());
                let gone = if record.is_none() { vec![(kind, provider_id)] } else { Vec::new() };
                apply::replace(&mut tx, origin, record, &gone).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    async fn derive(&self, connection: &Connection, total: &mut Rederived) -> Result<Derived> {
        let provider = self.provider(&connection.provider)?.provider.clone();
        let mut derived = Derived::new();
        let mut after = -1;
        loop {
            let mut tx = self.db.read().await?;
            let pages = tx.pages(connection.user_id, connection.id, after, PAGES_AT_ONCE).await?;
            drop(tx);
            let Some(last) = pages.last() else { return Ok(derived) };
            after = last.generation;
            for page in &pages {
                total.pages += 1;
                match provider.map(&page.collection, &page.body) {
                    Ok(mapped) => add(&mut derived, &page.collection, mapped),
                    Err(_) => total.unreadable += 1,
                }
            }
        }
    }
}

fn add(derived: &mut Derived, collection: &str, mapped: providers::Mapped) {
    for record in mapped.records {
        let key = (record.kind(), record.provider_id.clone());
        let record = match derived.get(&key) {
            Some((_, Some(before))) => Record { body: record.body.after(&before.body), ..record },
            _ => record,
        };
        derived.insert(key, (collection.to_owned(), Some(record)));
    }
    for key in mapped.gone {
        derived.insert(key, (collection.to_owned(), None));
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

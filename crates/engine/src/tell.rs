//! Tells an agent of a person: loads what the context is made from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, tz::TimeZone};
use model::{Connection, ConnectionState, Sharing, User, UserId};
use store::{Read, Tx};

use crate::{
    Engine, Result,
    context::{self, Context, Material, Source},
    sync,
};

/// Older facts say nothing of today.
const DAYS: i64 = 30;
/// The newest tells, and a few more, because a day can have several naps.
const OF_EACH_KIND: i64 = 4;

/// What an agent may be told of a person.
#[derive(Clone, Debug)]
pub struct Told {
    pub user: UserId,
    /// None: there is nothing to say, or nothing is shared.
    pub context: Option<Context>,
}

impl Engine {
    /// What a reader may be told of a person. A reader's own switches can only narrow what the person shares.
    pub async fn tell(&self, user: UserId, reader: Option<&Sharing>) -> Result<Told> {
        let mut tx = self.db.read().await?;
        let person = tx.user(user).await?;
        let sharing = tx.sharing(user).await?;
        let sharing = reader.map_or(sharing.clone(), |reader| sharing.stricter(reader));
        let connections: Vec<_> = tx.connections(user).await?.into_iter().filter(is_in_use).collect();
        let material = self.material(&mut tx, &person, &connections).await?;
        drop(tx);
        for connection in &connections {
            sync::bring_forward(self, connection).await?;
        }
        Ok(Told { user, context: context::compose(&material, &sharing) })
    }

    async fn material(&self, tx: &mut Tx<Read>, person: &User, connections: &[Connection]) -> Result<Material> {
        let now = self.clock.now();
        let mut sources = Vec::new();
        let mut consented = BTreeMap::new();
        for connection in connections {
            sources.push(self.source(tx, connection).await?);
            let consent = tx.find_consent(person.id, connection.id).await?;
            consented.insert(connection.id, consent.map(|consent| consent.kinds).unwrap_or_default());
        }
        let since = person.today(now).saturating_sub(DAYS.days());
        let mut records = tx.newest_records(person.id, context::TOLD, since, OF_EACH_KIND).await?;
        // What a person no longer consents to is not fetched any more: it would only grow old unnoticed.
        records.retain(|record| consented.get(&record.connection_id).is_some_and(|kinds| kinds.contains(&record.kind)));
        let zone = TimeZone::get(&person.zone).unwrap_or(TimeZone::UTC);
        Ok(Material { now, zone, sources, records })
    }

    async fn source(&self, tx: &mut Tx<Read>, connection: &Connection) -> Result<Source> {
        let states = tx.collection_states(connection.user_id, connection.id).await?;
        let manifest = self.providers.get(&connection.provider).map(|configured| configured.manifest());
        let failing = states.iter().filter(|state| state.last_error.is_some());
        let missing: BTreeSet<_> =
            failing.filter_map(|state| Some(manifest?.collection(&state.collection)?.kind)).collect();
        Ok(Source {
            provider: connection.provider.clone(),
            name: manifest.map_or_else(|| connection.provider.clone(), |manifest| manifest.name.clone()),
            last_sync_at: connection.last_sync_at,
            healthy: connection.state == ConnectionState::Active,
            missing: missing.into_iter().collect(),
        })
    }
}

fn is_in_use(connection: &Connection) -> bool {
    matches!(connection.state, ConnectionState::Active | ConnectionState::NeedsConsent)
}

//! Tells an agent of a person: loads what the context is made from.

use std::collections::BTreeSet;

use jiff::{ToSpan, tz::TimeZone};
use model::{ConnectionState, Sharing, UserId};
use store::{InUse, Read, Standing, Tx};

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
        let standing = tx.standing(user).await?;
        let material = self.material(&mut tx, &standing).await?;
        drop(tx);
        for InUse { connection, .. } in &standing.connections {
            sync::bring_forward(self, connection).await?;
        }
        let sharing = reader.map_or(standing.sharing.clone(), |reader| standing.sharing.stricter(reader));
        Ok(Told { user, context: context::compose(&material, &sharing) })
    }

    async fn material(&self, tx: &mut Tx<Read>, standing: &Standing) -> Result<Material> {
        let (now, person) = (self.clock.now(), &standing.user);
        let since = person.today(now).saturating_sub(DAYS.days());
        let mut records = tx.newest_records(person.id, context::TOLD, since, OF_EACH_KIND).await?;
        // What a person no longer consents to is not fetched any more: it would only grow old unnoticed.
        records.retain(|record| {
            let of = standing.connections.iter().find(|of| of.connection.id == record.connection_id);
            of.is_some_and(|of| of.kinds.contains(&record.kind))
        });
        let zone = TimeZone::get(&person.zone).unwrap_or(TimeZone::UTC);
        let sources = standing.connections.iter().map(|in_use| self.source(in_use)).collect();
        Ok(Material { now, zone, sources, records })
    }

    fn source(&self, InUse { connection, failing, .. }: &InUse) -> Source {
        let manifest = self.providers.get(&connection.provider).map(|configured| configured.manifest());
        let missing: BTreeSet<_> =
            failing.iter().filter_map(|collection| Some(manifest?.collection(collection)?.kind)).collect();
        Source {
            provider: connection.provider.clone(),
            name: manifest.map_or_else(|| connection.provider.clone(), |manifest| manifest.name.clone()),
            last_sync_at: connection.last_sync_at,
            healthy: connection.state == ConnectionState::Active,
            missing: missing.into_iter().collect(),
        }
    }
}

//! Asks a provider for something, maps the answer and writes it down: the path that every sync and every notice takes.

use model::{Connection, ConnectionState, Kind};
use providers::{Ask, Collection, Mapped, Page};
use store::{Tx, Write};

use super::fetch::{Found, Trial};
use crate::{
    Engine, Error, Result,
    apply::{self, Applied, Origin},
};

/// What a provider answered, not yet written down.
pub(crate) struct Brought {
    /// Taken before the request: what was asked for later is newer.
    generation: i64,
    /// Absent where the answer was that the thing is gone.
    pub(crate) page: Option<Page>,
    pub(crate) mapped: Mapped,
}

/// What became of a thing that was asked for by its identity.
pub(crate) enum Looked {
    /// There or gone.
    Told(Brought),
    /// It cannot be asked for by itself, or the provider refuses to say.
    Refused(String),
}

impl Engine {
    /// Asks for one page of a collection.
    pub(super) async fn bring(&self, connection: &Connection, ask: &Ask<'_>, may_refresh: &mut bool) -> Trial<Brought> {
        let generation = self.next_generation(connection).await?;
        let page = self.fetch_page(connection, ask, may_refresh).await?;
        let mapped = self.map(connection, ask.collection, &page)?;
        Ok(Brought { generation, page: Some(page), mapped })
    }

    /// Asks for one thing by its identity.
    pub(crate) async fn look_up(
        &self,
        connection: &Connection,
        collection: &Collection,
        kind: Kind,
        provider_id: &str,
        may_refresh: &mut bool,
    ) -> Trial<Looked> {
        let generation = self.next_generation(connection).await?;
        let brought = match self.find(connection, collection, provider_id, may_refresh).await? {
            Found::There(page) => {
                let mapped = self.map(connection, collection, &page)?;
                Brought { generation, page: Some(page), mapped }
            }
            Found::Gone => {
                let gone = vec![(kind, provider_id.to_owned())];
                Brought { generation, page: None, mapped: Mapped { gone, ..Mapped::default() } }
            }
            Found::Refused(why) => return Ok(Looked::Refused(why)),
        };
        Ok(Looked::Told(brought))
    }

    /// Writes an answer down: the raw page and its records together.
    pub(crate) async fn write_down(
        &self,
        tx: &mut Tx<Write>,
        connection: &Connection,
        collection: &Collection,
        brought: Brought,
    ) -> Result<Applied> {
        let Brought { generation, page, mapped } = brought;
        let origin = Origin::new(connection, &collection.id, generation, self.clock.now());
        match page {
            Some(page) => apply::take(tx, origin, &page.body, mapped).await,
            None => apply::apply(tx, origin, mapped.records, &mapped.gone).await,
        }
    }

    /// Begins to write what concerns an active connection: it may have been removed while the network was used.
    pub(crate) async fn begin_on(&self, connection: &Connection) -> Result<Tx<Write>> {
        let mut tx = self.db.write().await?;
        tx.lock_log(connection.user_id).await?;
        match tx.connection(connection.user_id, connection.id).await?.state {
            ConnectionState::Active => Ok(tx),
            _ => Err(Error::NotConnected),
        }
    }

    pub(super) async fn next_generation(&self, connection: &Connection) -> Result<i64> {
        let mut tx = self.db.write().await?;
        let generation = tx.next_generation(connection.user_id, connection.id).await?;
        tx.commit().await?;
        Ok(generation)
    }

    fn map(&self, connection: &Connection, collection: &Collection, page: &Page) -> Trial<Mapped> {
        let provider = self.provider(&connection.provider)?.provider.clone();
        let mapped = provider.map(&collection.id, &page.body)?;
        for skipped in &mapped.skipped {
            tracing::warn!(collection = collection.id, index = skipped.index, why = skipped.why, "an item was skipped");
        }
        Ok(mapped)
    }
}

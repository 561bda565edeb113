//! Reads records and the log that tells of their changes.

use model::{Change, RecordId, Sharing, StoredRecord, UserId};
use store::{Log, RecordQuery};

use crate::{
    Engine, Error, Result,
    stream::{Filter, check_position},
};

impl Engine {
    /// A person's records that a reader may see, in the order of their days.
    pub async fn records(
        &self,
        user: UserId,
        reader: Option<&Sharing>,
        mut wanted: RecordQuery,
    ) -> Result<Vec<StoredRecord>> {
        let sharing = self.reader_sharing(user, reader).await?;
        if wanted.kinds.is_empty() {
            wanted.kinds = model::Kind::ALL.to_vec();
        }
        wanted.kinds.retain(|kind| sharing.allows_kind(*kind));
        if wanted.kinds.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.db.read().await?.records(user, &wanted).await?)
    }

    /// One record that a reader may see.
    pub async fn record(&self, user: UserId, reader: Option<&Sharing>, id: RecordId) -> Result<StoredRecord> {
        let sharing = self.reader_sharing(user, reader).await?;
        let record = self.db.read().await?.record(user, id).await?;
        if sharing.allows_kind(record.kind) { Ok(record) } else { Err(Error::NotFound("record")) }
    }

    /// A person's events after a position that a reader may see and wants, where to go on, and the log's head.
    pub async fn events(
        &self,
        user: UserId,
        reader: Option<&Sharing>,
        filter: &Filter,
        after: i64,
        limit: i64,
    ) -> Result<(Vec<Change>, i64, i64)> {
        let sharing = self.reader_sharing(user, reader).await?;
        let mut tx = self.db.read().await?;
        let Log { head, floor } = tx.log(user).await?;
        check_position(after, head)?;
        if after < floor {
            return Err(Error::Expired { floor, head });
        }
        let mut events = tx.changes(user, after, limit).await?;
        let next = events.last().map_or(after, |event| event.position);
        events.retain(|event| sharing.allows_kind(event.kind) && filter.wants(event));
        Ok((events, next, head))
    }

    /// The position of a person's newest event.
    pub async fn head(&self, user: UserId) -> Result<i64> {
        Ok(self.db.read().await?.head(user).await?)
    }

    /// The person in a browser sees everything; a reader what both the person and its own switches allow.
    pub(crate) async fn reader_sharing(&self, user: UserId, reader: Option<&Sharing>) -> Result<Sharing> {
        let Some(reader) = reader else { return Ok(Sharing::default()) };
        Ok(self.sharing(user).await?.stricter(reader))
    }
}

//! Normalised facts, their bodies sealed by their connection's key.

mod kept;
mod purge;
mod read;
mod write;

use model::{ChangeType, ConnectionId, Kind, Record, StoredRecord, UserId, record::Body};
use sqlx::{FromRow, query_scalar};

pub use self::{kept::Kept, read::RecordQuery, write::Put};
use crate::{Error, Mode, NewChange, Result, Tx, db::on, row::Row};

#[derive(FromRow)]
struct RecordRow {
    id: String,
    connection_id: String,
    kind: String,
    provider_id: String,
    day: Option<String>,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
    zone_offset_seconds: Option<i64>,
    generation: i64,
    revision: i64,
    body_sealed: Option<Vec<u8>>,
    updated_at: i64,
    removed_at: Option<i64>,
}

/// A record that is no more.
#[derive(FromRow)]
struct RemovedRow {
    id: String,
    kind: String,
    day: Option<String>,
}

const ROW: Row = Row("records");
const COLUMNS: &str = "id, connection_id, kind, provider_id, day, starts_at, ends_at, zone_offset_seconds, \
                       generation, revision, body_sealed, updated_at, removed_at";

fn place(connection: ConnectionId, kind: Kind, provider_id: &str) -> String {
    format!("record:{connection}:{kind}:{provider_id}")
}

/// Whose a row is, said so that rows are found by their keys: by its owner the planner would look through all of theirs.
pub(crate) const OWNED: &str = "coalesce(user_id, '') = $1";

/// Kinds as SQL: they are words of our own, never a caller's text.
fn list(kinds: &[Kind]) -> String {
    let quoted: Vec<_> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
    quoted.join(", ")
}

impl RemovedRow {
    fn read(&self) -> Result<NewChange> {
        Ok(NewChange {
            change_type: ChangeType::Removed,
            record_id: ROW.parse("id", &self.id)?,
            kind: ROW.parse("kind", &self.kind)?,
            day: ROW.day("day", self.day.as_deref())?,
        })
    }
}

impl<M: Mode> Tx<M> {
    async fn stored(&mut self, user: UserId, row: RecordRow) -> Result<StoredRecord> {
        let connection: ConnectionId = ROW.parse("connection_id", &row.connection_id)?;
        Ok(StoredRecord {
            id: ROW.parse("id", &row.id)?,
            connection_id: connection,
            provider: self.provider_of(user, connection).await?,
            kind: ROW.parse("kind", &row.kind)?,
            revision: row.revision,
            updated_at: ROW.time("updated_at", row.updated_at)?,
            record: self.open_record(user, &row).await?,
        })
    }

    async fn provider_of(&mut self, user: UserId, connection: ConnectionId) -> Result<String> {
        if let Some(provider) = self.ring.providers.get(&connection) {
            return Ok(provider.clone());
        }
        const SQL: &str = "select provider from connections where user_id = $1 and id = $2";
        let provider: String =
            on!(self, |db| query_scalar(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_one(&mut **db))?;
        self.ring.providers.insert(connection, provider.clone());
        Ok(provider)
    }

    async fn open_record(&mut self, user: UserId, row: &RecordRow) -> Result<Record> {
        let connection = ROW.parse("connection_id", &row.connection_id)?;
        let kind = ROW.parse("kind", &row.kind)?;
        let sealed = row.body_sealed.as_deref().ok_or(Error::corrupt("records", "body_sealed"))?;
        let plain =
            self.connection_key(user, connection).await?.open(&place(connection, kind, &row.provider_id), sealed)?;
        let json = serde_json::from_slice(&plain).map_err(|_| Error::corrupt("records", "body_sealed"))?;
        Ok(Record {
            provider_id: row.provider_id.clone(),
            day: ROW.day("day", row.day.as_deref())?,
            starts_at: ROW.time_opt("starts_at", row.starts_at)?,
            ends_at: ROW.time_opt("ends_at", row.ends_at)?,
            zone_offset_seconds: row.zone_offset_seconds.and_then(|seconds| i32::try_from(seconds).ok()),
            body: Body::parse(kind, json).map_err(|_| Error::corrupt("records", "body_sealed"))?,
        })
    }
}

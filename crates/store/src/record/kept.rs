//! What is kept of records, as far as those must know who change them.

use std::collections::{BTreeMap, HashMap};

use model::{ConnectionId, Kind, Record, RecordId, UserId, Window};
use sqlx::{AssertSqlSafe, query_as};

use super::{COLUMNS, OWNED, ROW, RecordRow};
use crate::{
    Mode, Result, Tx,
    db::on,
    many::{lists, placeholders},
};

/// What is kept of a record, as far as `apply` must know.
#[derive(Clone, Debug)]
pub struct Kept {
    pub id: RecordId,
    pub generation: i64,
    pub revision: i64,
    pub removed: bool,
    /// The content; none once it was removed.
    pub record: Option<Record>,
}

impl<M: Mode> Tx<M> {
    /// What is kept under natural keys of a connection.
    pub async fn find_kept(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        keys: &[(Kind, String)],
    ) -> Result<HashMap<(Kind, String), Kept>> {
        let mut by_kind: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
        for (kind, provider_id) in keys {
            by_kind.entry(*kind).or_default().push(provider_id);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (kind, provider_ids) in by_kind {
            for piece in lists(&provider_ids) {
                for row in self.kept_rows(user, connection, kind, &piece).await? {
                    let kept = self.kept(user, &row).await?;
                    found.insert((kind, row.provider_id), kept);
                }
            }
        }
        Ok(found)
    }

    async fn kept_rows(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        kind: Kind,
        provider_ids: &[&str],
    ) -> Result<Vec<RecordRow>> {
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS} from records where {OWNED} and connection_id = $2 and kind = $3 and provider_id in ({})",
            placeholders(4, provider_ids.len())
        ));
        Ok(on!(self, |db| {
            let query = query_as(sql).bind(user.to_string()).bind(connection.to_string()).bind(kind.as_str());
            provider_ids.iter().fold(query, |query, id| query.bind(*id)).fetch_all(&mut **db)
        })?)
    }

    async fn kept(&mut self, user: UserId, row: &RecordRow) -> Result<Kept> {
        Ok(Kept {
            id: ROW.parse("id", &row.id)?,
            generation: row.generation,
            revision: row.revision,
            removed: row.removed_at.is_some(),
            record: if row.body_sealed.is_some() { Some(self.open_record(user, row).await?) } else { None },
        })
    }

    /// Records of a window that no fetch since a generation has brought.
    pub async fn unseen(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        collection: &str,
        window: Window,
        generation: i64,
    ) -> Result<Vec<(Kind, String)>> {
        const SQL: &str = "select kind, provider_id from records where user_id = $1 and connection_id = $2 \
            and collection = $3 and day >= $4 and day <= $5 and generation < $6 and removed_at is null order by id";
        let rows: Vec<(String, String)> = on!(self, |db| query_as(SQL)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(collection)
            .bind(window.from.to_string())
            .bind(window.to.to_string())
            .bind(generation)
            .fetch_all(&mut **db))?;
        rows.into_iter().map(|(kind, id)| Ok((ROW.parse("kind", &kind)?, id))).collect()
    }

    /// The natural keys of all records of a connection that are there.
    pub async fn natural_keys(&mut self, user: UserId, connection: ConnectionId) -> Result<Vec<(Kind, String)>> {
        const SQL: &str = "select kind, provider_id from records \
            where user_id = $1 and connection_id = $2 and removed_at is null order by id";
        let rows: Vec<(String, String)> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_all(&mut **db))?;
        rows.into_iter().map(|(kind, id)| Ok((ROW.parse("kind", &kind)?, id))).collect()
    }
}

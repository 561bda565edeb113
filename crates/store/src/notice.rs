//! What deliveries say has changed, for each connection that it concerns; the object is sealed by that connection's key.

use jiff::Timestamp;
use model::{ConnectionId, ConnectionState, DeliveryId, DeliveryState, NoticeId, NoticeState, Operation, UserId};
use sqlx::{AssertSqlSafe, FromRow, query, query_as, query_scalar};

use crate::{
    Error, Mode, Result, Tx, Write,
    db::{change, on},
    many::{lists, pieces, placeholders},
    row::Row,
};

/// A notice to add.
#[derive(Clone, Debug)]
pub struct NewNotice {
    pub delivery_id: DeliveryId,
    pub user_id: UserId,
    pub connection_id: ConnectionId,
    pub collection: String,
    pub operation: Operation,
    pub object_id: String,
    /// Waiting, or ignored.
    pub state: NoticeState,
    pub why: Option<&'static str>,
    pub received_at: Timestamp,
}

/// A connection that stands on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub account_id: String,
    pub user_id: UserId,
    pub connection_id: ConnectionId,
    pub state: ConnectionState,
}

/// A notice that waits for what it speaks of to be fetched.
#[derive(Clone, Debug)]
pub struct WaitingNotice {
    pub id: NoticeId,
    pub delivery_id: DeliveryId,
    pub collection: String,
    pub operation: Operation,
    pub object_id: String,
    pub tries: i64,
    pub received_at: Timestamp,
}

/// A notice as it is told to those who watch over deliveries.
#[derive(Clone, Debug)]
pub struct ListedNotice {
    pub user_id: UserId,
    pub collection: String,
    pub operation: Operation,
    /// The provider's own identity of the thing; absent when the key that opens it is gone.
    pub object_id: Option<String>,
    pub state: NoticeState,
    pub why: Option<String>,
}

#[derive(FromRow)]
struct ReachedRow {
    account_id: String,
    user_id: String,
    id: String,
    state: String,
}

#[derive(FromRow)]
struct NoticeRow {
    id: String,
    delivery_id: String,
    user_id: String,
    connection_id: String,
    collection: String,
    operation: String,
    object_sealed: Vec<u8>,
    state: String,
    why: Option<String>,
    tries: i64,
    received_at: i64,
}

/// A notice, sealed for its row.
struct Sealed<'a> {
    id: String,
    notice: &'a NewNotice,
    object: Vec<u8>,
    digest: String,
    settled_at: Option<i64>,
}

const ROW: Row = Row("notices");
const COLUMNS: &str = "select id, delivery_id, user_id, connection_id, collection, operation, object_sealed, state, why, \
                       tries, received_at from notices";
const NEW_COLUMNS: usize = 13;

fn place(connection: ConnectionId, collection: &str, id: &str) -> String {
    format!("notice:{connection}:{collection}:{id}")
}

impl<M: Mode> Tx<M> {
    /// The connections in use that stand on some accounts, whosever they are, in one order for everybody.
    pub async fn reached(&mut self, provider: &str, account_ids: &[String]) -> Result<Vec<Reached>> {
        let mut reached = Vec::new();
        for account_ids in lists(account_ids) {
            let sql = AssertSqlSafe(format!(
                "select account_id, user_id, id, state from connections where provider = $1 \
                 and state in ('active', 'needs_consent') and account_id in ({}) order by user_id, id",
                placeholders(2, account_ids.len())
            ));
            let rows: Vec<ReachedRow> = on!(self, |db| account_ids
                .iter()
                .fold(query_as(sql).bind(provider), |query, account_id| query.bind(account_id))
                .fetch_all(&mut **db))?;
            for row in rows {
                reached.push(Reached {
                    account_id: row.account_id,
                    user_id: ROW.parse("user_id", &row.user_id)?,
                    connection_id: ROW.parse("connection_id", &row.id)?,
                    state: ROW.parse("state", &row.state)?,
                });
            }
        }
        Ok(reached)
    }

    /// The oldest notices of a connection that wait and are due.
    pub async fn waiting_notices(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<WaitingNotice>> {
        let sql = AssertSqlSafe(format!(
            "{COLUMNS} where user_id = $1 and connection_id = $2 and state = 'waiting' and run_at <= $3 \
             order by received_at, id limit $4"
        ));
        let rows: Vec<NoticeRow> = on!(self, |db| query_as(sql)
            .bind(user.to_string())
            .bind(connection.to_string())
            .bind(now.as_millisecond())
            .bind(limit)
            .fetch_all(&mut **db))?;
        let mut waiting = Vec::with_capacity(rows.len());
        for row in rows {
            waiting.push(WaitingNotice {
                object_id: self.open_object(&row).await?,
                id: ROW.parse("id", &row.id)?,
                delivery_id: ROW.parse("delivery_id", &row.delivery_id)?,
                operation: ROW.parse("operation", &row.operation)?,
                collection: row.collection,
                tries: row.tries,
                received_at: ROW.time("received_at", row.received_at)?,
            });
        }
        Ok(waiting)
    }

    /// When the next waiting notice of a connection is due.
    pub async fn next_notice(&mut self, user: UserId, connection: ConnectionId) -> Result<Option<Timestamp>> {
        const SQL: &str =
            "select min(run_at) from notices where user_id = $1 and connection_id = $2 and state = 'waiting'";
        let millis: Option<i64> =
            on!(self, |db| query_scalar(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_one(&mut **db))?;
        ROW.time_opt("run_at", millis)
    }

    /// What some deliveries tell of, each with its delivery's id.
    pub(crate) async fn told_by(&mut self, deliveries: &[String]) -> Result<Vec<(String, ListedNotice)>> {
        let mut all = Vec::new();
        for deliveries in lists(deliveries) {
            let sql = AssertSqlSafe(format!(
                "{COLUMNS} where delivery_id in ({}) order by id",
                placeholders(1, deliveries.len())
            ));
            let rows: Vec<NoticeRow> = on!(self, |db| deliveries
                .iter()
                .fold(query_as(sql), |query, delivery| query.bind(delivery))
                .fetch_all(&mut **db))?;
            for row in rows {
                let object_id = match self.open_object(&row).await {
                    Err(Error::KeyMissing(_)) => None,
                    opened => Some(opened?),
                };
                let told = ListedNotice {
                    user_id: ROW.parse("user_id", &row.user_id)?,
                    operation: ROW.parse("operation", &row.operation)?,
                    state: ROW.parse("state", &row.state)?,
                    collection: row.collection,
                    object_id,
                    why: row.why,
                };
                all.push((row.delivery_id, told));
            }
        }
        Ok(all)
    }

    async fn open_object(&mut self, row: &NoticeRow) -> Result<String> {
        let connection = ROW.parse("connection_id", &row.connection_id)?;
        let key = self.connection_key(ROW.parse("user_id", &row.user_id)?, connection).await?;
        let object = key.open(&place(connection, &row.collection, &row.id), &row.object_sealed)?;
        String::from_utf8(object).map_err(|_| Error::corrupt("notices", "object_sealed"))
    }
}

impl Tx<Write> {
    /// Adds what deliveries say has changed.
    pub async fn add_notices(&mut self, now: Timestamp, notices: &[NewNotice]) -> Result<()> {
        let mut sealed = Vec::with_capacity(notices.len());
        for notice in notices {
            sealed.push(self.seal_notice(now, notice).await?);
        }
        for piece in pieces(&sealed) {
            let sql = AssertSqlSafe(format!(
                "insert into notices (id, delivery_id, user_id, connection_id, collection, operation, object_sealed, digest, \
                 state, why, run_at, received_at, settled_at) values {}",
                self.rows(NEW_COLUMNS, piece.len())
            ));
            change!(self, |db| piece
                .iter()
                .fold(query(sql), |query, Sealed { id, notice, object, digest, settled_at }| {
                    query
                        .bind(id)
                        .bind(notice.delivery_id.to_string())
                        .bind(notice.user_id.to_string())
                        .bind(notice.connection_id.to_string())
                        .bind(&notice.collection)
                        .bind(notice.operation.as_str())
                        .bind(object.as_slice())
                        .bind(digest)
                        .bind(notice.state.as_str())
                        .bind(notice.why)
                        .bind(notice.received_at.as_millisecond())
                        .bind(notice.received_at.as_millisecond())
                        .bind(*settled_at)
                })
                .execute(&mut **db))?;
        }
        Ok(())
    }

    async fn seal_notice<'a>(&mut self, now: Timestamp, notice: &'a NewNotice) -> Result<Sealed<'a>> {
        let NewNotice { user_id, connection_id, collection, object_id, .. } = notice;
        let id: NoticeId = self.random.id(now);
        let id = id.to_string();
        let key = self.connection_key(*user_id, *connection_id).await?;
        Ok(Sealed {
            object: key.seal(&self.random, &place(*connection_id, collection, &id), object_id.as_bytes())?,
            digest: key.digest_of(&[collection.as_bytes(), b"\n", object_id.as_bytes()]),
            settled_at: (notice.state != NoticeState::Waiting).then_some(now.as_millisecond()),
            notice,
            id,
        })
    }

    /// Settles notices of a connection, and with the last one of each its delivery. Says what the deliveries came to.
    pub async fn settle_notices(
        &mut self,
        user: UserId,
        notices: &[WaitingNotice],
        state: NoticeState,
        why: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<DeliveryState>> {
        for piece in lists(notices) {
            let sql = AssertSqlSafe(format!(
                "update notices set state = $2, why = $3, settled_at = $4 where user_id = $1 and state = 'waiting' \
                 and id in ({})",
                placeholders(5, piece.len())
            ));
            change!(self, |db| piece
                .iter()
                .fold(
                    query(sql).bind(user.to_string()).bind(state.as_str()).bind(why).bind(now.as_millisecond()),
                    |query, notice| query.bind(notice.id.to_string())
                )
                .execute(&mut **db))?;
        }
        let deliveries: Vec<_> = notices.iter().map(|notice| notice.delivery_id).collect();
        self.settle_deliveries(&deliveries, now).await
    }

    /// Puts notices off that were tried.
    pub async fn put_off_notices(
        &mut self,
        user: UserId,
        notices: &[WaitingNotice],
        why: &str,
        run_at: Timestamp,
    ) -> Result<()> {
        for piece in lists(notices) {
            let sql = AssertSqlSafe(format!(
                "update notices set why = $2, run_at = $3, tries = tries + 1 where user_id = $1 and state = 'waiting' \
                 and id in ({})",
                placeholders(4, piece.len())
            ));
            change!(self, |db| piece
                .iter()
                .fold(query(sql).bind(user.to_string()).bind(why).bind(run_at.as_millisecond()), |query, notice| query
                    .bind(notice.id.to_string()))
                .execute(&mut **db))?;
        }
        Ok(())
    }

    /// Has all that a delivery speaks of fetched again. Says for which connections.
    pub async fn wake_notices(&mut self, delivery: DeliveryId, now: Timestamp) -> Result<Vec<(UserId, ConnectionId)>> {
        const SQL: &str = "update notices set state = 'waiting', why = null, tries = 0, run_at = $2, settled_at = null \
                           where delivery_id = $1 returning user_id, connection_id";
        let rows: Vec<(String, String)> =
            on!(self, |db| query_as(SQL).bind(delivery.to_string()).bind(now.as_millisecond()).fetch_all(&mut **db))?;
        let read = |(user, connection): (String, String)| {
            Ok((ROW.parse("user_id", &user)?, ROW.parse("connection_id", &connection)?))
        };
        let mut woken = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        woken.sort_unstable();
        woken.dedup();
        Ok(woken)
    }

    /// Deletes the notices of a connection, and settles what now waits for nothing more.
    pub async fn drop_notices(&mut self, user: UserId, connection: ConnectionId, now: Timestamp) -> Result<()> {
        const SQL: &str = "delete from notices where user_id = $1 and connection_id = $2 returning delivery_id";
        let deliveries: Vec<String> =
            on!(self, |db| query_scalar(SQL).bind(user.to_string()).bind(connection.to_string()).fetch_all(&mut **db))?;
        let mut deliveries: Vec<DeliveryId> =
            deliveries.iter().map(|id| ROW.parse("delivery_id", id)).collect::<Result<_>>()?;
        deliveries.sort_unstable();
        deliveries.dedup();
        self.settle_deliveries(&deliveries, now).await?;
        Ok(())
    }
}

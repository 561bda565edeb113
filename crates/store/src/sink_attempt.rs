//! What came of writing to a sink, one row for each time.

use jiff::Timestamp;
use model::{SinkId, UserId};
use sqlx::{FromRow, query, query_as};
use uuid::Uuid;

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// What came of writing to a sink once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkAttempt {
    /// Whose event it was.
    pub user_id: UserId,
    pub at: Timestamp,
    pub message_id: String,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// None: it was taken.
    pub error: Option<String>,
    pub millis: i64,
}

#[derive(FromRow)]
struct AttemptRow {
    user_id: String,
    at: i64,
    message_id: String,
    status: Option<i64>,
    error: Option<String>,
    millis: i64,
}

const ROW: Row = Row("sink_attempts");

impl AttemptRow {
    fn read(self) -> Result<SinkAttempt> {
        Ok(SinkAttempt {
            user_id: ROW.parse("user_id", &self.user_id)?,
            at: ROW.time("at", self.at)?,
            message_id: self.message_id,
            status: self.status.and_then(|status| u16::try_from(status).ok()),
            error: self.error,
            millis: self.millis,
        })
    }
}

impl<M: Mode> Tx<M> {
    /// What came of writing to a sink, the newest first.
    pub async fn sink_attempts(&mut self, sink: SinkId, limit: i64) -> Result<Vec<SinkAttempt>> {
        const SQL: &str = "select user_id, at, message_id, status, error, millis from sink_attempts \
                           where sink_id = $1 order by id desc limit $2";
        let rows: Vec<AttemptRow> =
            on!(self, |db| query_as(SQL).bind(sink.to_string()).bind(limit).fetch_all(&mut **db))?;
        rows.into_iter().map(AttemptRow::read).collect()
    }
}

impl Tx<Write> {
    /// Puts on record what came of writing to a sink.
    pub async fn add_sink_attempt(&mut self, sink: SinkId, attempt: &SinkAttempt) -> Result<()> {
        const SQL: &str = "insert into sink_attempts (id, sink_id, user_id, at, message_id, status, error, millis) \
                           values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let id: Uuid = self.random.id(attempt.at);
        change!(self, |db| query(SQL)
            .bind(id.to_string())
            .bind(sink.to_string())
            .bind(attempt.user_id.to_string())
            .bind(attempt.at.as_millisecond())
            .bind(&attempt.message_id)
            .bind(attempt.status.map(i64::from))
            .bind(attempt.error.as_deref())
            .bind(attempt.millis)
            .execute(&mut **db))?;
        Ok(())
    }

    /// Deletes what came of writing before an instant.
    pub async fn sweep_sink_attempts(&mut self, before: Timestamp) -> Result<u64> {
        Ok(change!(self, |db| query("delete from sink_attempts where at < $1")
            .bind(before.as_millisecond())
            .execute(&mut **db))?)
    }
}

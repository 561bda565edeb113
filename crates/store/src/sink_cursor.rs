//! How far each person's log has been written to each sink.

use jiff::Timestamp;
use model::{SinkId, UserId};
use sqlx::{FromRow, query, query_as, query_scalar};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// How far a person's log has been written to a sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct SinkCursor {
    pub position: i64,
    /// How often what comes next was refused.
    pub tries: i64,
}

impl<M: Mode> Tx<M> {
    /// How far a person's log has been written to a sink.
    pub async fn sink_cursor(&mut self, user: UserId, sink: SinkId) -> Result<SinkCursor> {
        const SQL: &str = "select position, tries from sink_cursors where user_id = $1 and sink_id = $2";
        let cursor: Option<SinkCursor> =
            on!(self, |db| query_as(SQL).bind(user.to_string()).bind(sink.to_string()).fetch_optional(&mut **db))?;
        Ok(cursor.unwrap_or_default())
    }

    /// The lowest position that an active sink has still to go on from in a person's log; none when there is no sink.
    pub async fn sink_positions_floor(&mut self, user: UserId) -> Result<Option<i64>> {
        const SQL: &str = "select min(coalesce(sink_cursors.position, 0)) from sinks \
            left join sink_cursors on sink_cursors.sink_id = sinks.id and sink_cursors.user_id = $1 \
            where sinks.state = 'active' and sinks.audience in ($1, 'everybody')";
        Ok(on!(self, |db| query_scalar(SQL).bind(user.to_string()).fetch_one(&mut **db))?)
    }

    /// How many of a person's changes have not been written to a sink.
    pub async fn sink_lag(&mut self, user: UserId, sink: SinkId) -> Result<i64> {
        let cursor = self.sink_cursor(user, sink).await?;
        Ok(self.head(user).await? - cursor.position)
    }

    /// How many changes of all people have not been written to a sink for everybody.
    pub async fn sink_lag_of_everybody(&mut self, sink: SinkId) -> Result<i64> {
        const SQL: &str = "select cast(coalesce(sum(logs.head - coalesce(sink_cursors.position, 0)), 0) as bigint) from logs \
            left join sink_cursors on sink_cursors.user_id = logs.user_id and sink_cursors.sink_id = $1";
        Ok(on!(self, |db| query_scalar(SQL).bind(sink.to_string()).fetch_one(&mut **db))?)
    }

    /// The people, in the order of their ids, whose logs go on beyond what was written to a sink for everybody.
    pub async fn people_behind(&mut self, sink: SinkId, after: Option<UserId>, limit: i64) -> Result<Vec<UserId>> {
        const SQL: &str = "select logs.user_id from logs \
            left join sink_cursors on sink_cursors.user_id = logs.user_id and sink_cursors.sink_id = $1 \
            where logs.user_id > $2 and logs.head > coalesce(sink_cursors.position, 0) order by logs.user_id limit $3";
        let after = after.map(|user| user.to_string()).unwrap_or_default();
        let ids: Vec<String> =
            on!(self, |db| query_scalar(SQL).bind(sink.to_string()).bind(after).bind(limit).fetch_all(&mut **db))?;
        ids.iter().map(|id| Row("logs").parse("user_id", id)).collect()
    }
}

impl Tx<Write> {
    /// Sets where a sink begins in a person's log.
    pub async fn begin_sink_at(&mut self, user: UserId, sink: SinkId, position: i64) -> Result<()> {
        const SQL: &str = "insert into sink_cursors (sink_id, user_id, position) values ($1, $2, $3)";
        change!(self, |db| query(SQL).bind(sink.to_string()).bind(user.to_string()).bind(position).execute(&mut **db))?;
        Ok(())
    }

    /// Lets a sink for everybody begin where each log ends now.
    pub async fn begin_sink_at_heads(&mut self, sink: SinkId) -> Result<()> {
        const SQL: &str = "insert into sink_cursors (sink_id, user_id, position) \
                           select $1, user_id, head from logs where head > 0";
        change!(self, |db| query(SQL).bind(sink.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Lets a sink for everybody begin with all that is kept of each log.
    pub async fn begin_sink_at_floors(&mut self, sink: SinkId) -> Result<()> {
        const SQL: &str = "insert into sink_cursors (sink_id, user_id, position) \
                           select $1, user_id, floor from logs where floor > 0";
        change!(self, |db| query(SQL).bind(sink.to_string()).execute(&mut **db))?;
        Ok(())
    }

    /// Moves a sink on in a person's log, and says whether it stood where it was thought to stand.
    pub async fn advance_sink(&mut self, user: UserId, sink: SinkId, from: i64, to: i64) -> Result<bool> {
        const SQL: &str = "insert into sink_cursors (sink_id, user_id, position) values ($1, $2, $4) \
            on conflict (user_id, sink_id) do update set position = excluded.position, tries = 0 \
            where sink_cursors.position = $3";
        Ok(change!(self, |db| query(SQL)
            .bind(sink.to_string())
            .bind(user.to_string())
            .bind(from)
            .bind(to)
            .execute(&mut **db))?
            == 1)
    }

    /// Counts that what comes next in a person's log was refused once more.
    pub async fn count_sink_try(&mut self, user: UserId, sink: SinkId, at: i64) -> Result<()> {
        const SQL: &str = "insert into sink_cursors (sink_id, user_id, position, tries) values ($1, $2, $3, 1) \
            on conflict (user_id, sink_id) do update set tries = sink_cursors.tries + 1 \
            where sink_cursors.position = excluded.position";
        change!(self, |db| query(SQL).bind(sink.to_string()).bind(user.to_string()).bind(at).execute(&mut **db))?;
        Ok(())
    }

    /// Moves a sink back in a person's log; one that stands before the position stays there.
    pub async fn rewind_sink(&mut self, user: UserId, sink: SinkId, to: i64) -> Result<()> {
        const SQL: &str = "update sink_cursors set position = $3, tries = 0 \
                           where user_id = $1 and sink_id = $2 and position > $3";
        change!(self, |db| query(SQL).bind(user.to_string()).bind(sink.to_string()).bind(to).execute(&mut **db))?;
        Ok(())
    }

    /// Moves a sink back in every log, to before the first change that is not older than an instant.
    pub async fn rewind_sink_of_everybody(&mut self, sink: SinkId, since: Timestamp) -> Result<()> {
        const SQL: &str = "update sink_cursors set tries = 0, position = (select min(changes.position) - 1 from changes \
            where changes.user_id = sink_cursors.user_id and changes.at >= $2) \
            where sink_id = $1 and position > (select min(changes.position) - 1 from changes \
            where changes.user_id = sink_cursors.user_id and changes.at >= $2)";
        change!(self, |db| query(SQL).bind(sink.to_string()).bind(since.as_millisecond()).execute(&mut **db))?;
        Ok(())
    }
}

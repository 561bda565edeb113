//! When the house was last kept, and whether the time is doubted since.

use jiff::Timestamp;
use sqlx::{FromRow, query, query_as};

use crate::{
    Mode, Result, Tx, Write,
    db::{change, on},
    row::Row,
};

/// When the house was last kept, and whether the time is doubted since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Housekeeping {
    /// The latest time at which what had had its time was forgotten.
    pub kept_at: Timestamp,
    /// Since when the time is too far ahead of that to be believed; none: it is believed.
    pub doubted_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct HousekeepingRow {
    kept_at: i64,
    doubted_at: Option<i64>,
}

const ROW: Row = Row("housekeeping");

impl<M: Mode> Tx<M> {
    /// When the house was last kept; none: it never was.
    pub async fn housekeeping(&mut self) -> Result<Option<Housekeeping>> {
        const SQL: &str = "select kept_at, doubted_at from housekeeping where id = 1";
        let row: Option<HousekeepingRow> = on!(self, |db| query_as(SQL).fetch_optional(&mut **db))?;
        let read = |row: HousekeepingRow| {
            let kept_at = ROW.time("kept_at", row.kept_at)?;
            Ok(Housekeeping { kept_at, doubted_at: ROW.time_opt("doubted_at", row.doubted_at)? })
        };
        row.map(read).transpose()
    }
}

impl Tx<Write> {
    /// Notes when the house was last kept, and whether the time is doubted since.
    pub async fn note_housekeeping(&mut self, noted: &Housekeeping) -> Result<()> {
        const SQL: &str = "insert into housekeeping (id, kept_at, doubted_at) values (1, $1, $2) \
            on conflict (id) do update set kept_at = excluded.kept_at, doubted_at = excluded.doubted_at";
        change!(self, |db| query(SQL)
            .bind(noted.kept_at.as_millisecond())
            .bind(noted.doubted_at.map(Timestamp::as_millisecond))
            .execute(&mut **db))?;
        Ok(())
    }
}

//! Changes rows behind the store's back, as somebody with the file or the server would.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, query};
use testkit::TestDb;

/// Runs a statement, and says how many rows it changed.
pub(crate) async fn run(test: &TestDb, sql: String) -> anyhow::Result<u64> {
    let sql = AssertSqlSafe(sql);
    let changed = if test.db.is_embedded() {
        let mut connection = SqliteConnection::connect(&test.url).await?;
        query(sql).execute(&mut connection).await?.rows_affected()
    } else {
        let mut connection = PgConnection::connect(&test.url).await?;
        query(sql).execute(&mut connection).await?.rows_affected()
    };
    Ok(changed)
}
